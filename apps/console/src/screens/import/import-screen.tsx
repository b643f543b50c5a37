import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../../api/session.ts';
import { Empty } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { importWords as words } from '../../words/import.ts';
import { BucketStep } from './bucket-step.tsx';
import { CheckStep } from './check-step.tsx';
import { ChooseStep } from './choose-step.tsx';
import type { ImportStep } from './import-search.ts';
import { ImportStepView } from './import-step.tsx';
import { type ImportState, useImport } from './import-store.ts';
import { PlanStep } from './plan-step.tsx';
import '../operations/operations.css';
import './import.css';

const route = getRouteApi('/inside/import');
const listSteps: readonly ImportStep[] = ['choose', 'check', 'plan', 'import'];

/** Imports a list of backups, or those in a bucket: choose, check, plan, import. */
export function ImportScreen() {
  const mayImport = useMay('operator');
  const state = useImport();
  const { step = furthestStep(state) } = route.useSearch();
  if (!mayImport) {
    return (
      <Page title={words.title}>
        <Empty title={words.notAllowed}>{words.notAllowedText}</Empty>
      </Page>
    );
  }
  return (
    <Page title={words.title} sentence={words.sentence}>
      {step !== 'bucket' && <Steps present={step} state={state} />}
      {viewOf(step, state)}
    </Page>
  );
}

function viewOf(step: ImportStep, state: ImportState): ReactNode {
  if (step === 'bucket') return <BucketStep />;
  if (step === 'choose') return <ChooseStep />;
  if (!isReachable(step, state)) {
    const again = (
      <Link to="/import" search={{ step: 'choose' }} className="button main">
        {words.again}
      </Link>
    );
    return (
      <Empty title={words.lost} action={again}>
        {words.lostText}
      </Empty>
    );
  }
  if (step === 'check') return <CheckStep />;
  return step === 'plan' ? <PlanStep /> : <ImportStepView />;
}

/** Where a person who comes back continues. */
function furthestStep({ reading, refusal, list, plan, sending }: ImportState): ImportStep {
  if (sending !== null) return 'import';
  if (plan !== null) return 'plan';
  return list === null && reading === null && refusal === null ? 'choose' : 'check';
}

function isReachable(step: ImportStep, { reading, refusal, list, plan }: ImportState): boolean {
  if (step === 'check') return reading !== null || refusal !== null || list !== null;
  const isValid = list !== null && list.invalid === 0;
  return step === 'plan' ? isValid && plan !== null : step === 'choose' || isValid;
}

function Steps({ present, state }: { readonly present: ImportStep; readonly state: ImportState }) {
  return (
    <nav aria-label={words.steps}>
      <ol className="steps">
        {listSteps.map((step, index) => (
          <li key={step} className={step === present ? 'step present' : 'step'}>
            <span className="step-number">{index + 1}</span>
            {isReachable(step, state) || step === present ? (
              <Link to="/import" search={{ step }} aria-current={step === present ? 'step' : undefined}>
                {words.stepNames[step]}
              </Link>
            ) : (
              <span className="quiet">{words.stepNames[step]}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
