import type { Source } from '@backup-sync/contracts';
import { Link, useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { Field } from '../../parts/field.tsx';
import { levelMeanings } from '../../words/common.ts';
import { ageLimits, overviewWords, standingWords } from '../../words/overview.ts';
import { needsAge, type OverviewSearch, overviewSearch, usualLevel } from './overview-search.ts';

type Choice = { readonly value: string; readonly words: string };

const levelChoices = Object.keys(levelMeanings).map((value) => ({ value, words: value }));
const ageChoices = Object.entries(ageLimits).map(([value, { words }]) => ({ value, words }));

/** The filters. A choice is in the address at once; the name once it is applied. */
export function OverviewFilters({
  search,
  sources,
}: {
  readonly search: OverviewSearch;
  readonly sources: readonly Source[];
}) {
  const navigate = useNavigate();
  const change = (changed: Readonly<Record<string, string>>) => {
    void navigate({ to: '/', search: overviewSearch({ ...search, marker: '', ...changed }), replace: true });
  };
  const applyName = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change({ name: String(new FormData(event.currentTarget).get('name') ?? '') });
  };
  const standingChoices = Object.entries(standingWords)
    .filter(([value]) => search.age !== undefined || !needsAge(value as keyof typeof standingWords))
    .map(([value, words]) => ({ value, words }));
  const { level, age, standing, source, name, marker } = search;
  const isFiltered = [level, age, standing, source, name, marker].some((each) => each !== undefined);
  return (
    <form className="filters" onSubmit={applyName}>
      <Choices
        label={overviewWords.level}
        value={level ?? usualLevel}
        choices={levelChoices}
        onChoose={(value) => change({ level: value })}
      />
      <Choices
        label={overviewWords.maxAge}
        none={overviewWords.anyAge}
        value={age ?? ''}
        choices={ageChoices}
        onChoose={(value) => change({ age: value })}
      />
      <Choices
        label={overviewWords.standing}
        none={overviewWords.everyStanding}
        value={standing ?? ''}
        choices={standingChoices}
        onChoose={(value) => change({ standing: value })}
      />
      <Choices
        label={overviewWords.source}
        none={overviewWords.everySource}
        value={source ?? ''}
        choices={sourceChoices(sources, source)}
        onChoose={(value) => change({ source: value })}
      />
      <Field label={overviewWords.name}>
        {(control) => (
          // Another name in the address is another field.
          <input {...control} key={name ?? ''} name="name" defaultValue={name ?? ''} spellCheck={false} />
        )}
      </Field>
      <button type="submit" className="button">
        {overviewWords.apply}
      </button>
      {isFiltered && (
        <Link to="/" search={{}} className="button plain">
          {overviewWords.clear}
        </Link>
      )}
    </form>
  );
}

function sourceChoices(sources: readonly Source[], chosen: string | undefined): readonly Choice[] {
  const choices = sources.map(({ id, name }) => ({ value: id, words: name }));
  // A source that was removed is still in the address.
  const isKnown = chosen === undefined || choices.some(({ value }) => value === chosen);
  return isKnown ? choices : [...choices, { value: chosen, words: chosen }];
}

function Choices({
  label,
  none,
  value,
  choices,
  onChoose,
}: {
  readonly label: string;
  /** The words for no filter; undefined if there always is one. */
  readonly none?: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChoose: (value: string) => void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <select {...control} value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
          {none !== undefined && <option value="">{none}</option>}
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
