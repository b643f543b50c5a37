import { Field } from '../../parts/field.tsx';
import { sourceFormWords } from '../../words/sources.ts';
import { inUnit, type Unit, units } from './seconds.ts';
import { unitField } from './source-input.ts';

type SecondsFieldProps = {
  readonly label: string;
  readonly hint: string;
  /** Name of the number in the form. */
  readonly name: string;
  readonly seconds: number | null;
  /** Unit that is offered first if there is no duration yet. */
  readonly unit: Unit;
  readonly problem: string | undefined;
};

/** A duration as a number and a unit. */
export function SecondsField({ label, hint, name, seconds, unit, problem }: SecondsFieldProps) {
  const shown = inUnit(seconds, unit);
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(control) => (
        <div className="seconds">
          <input
            {...control}
            name={name}
            type="number"
            min="0"
            step="any"
            inputMode="decimal"
            defaultValue={shown.amount}
          />
          <select
            className="input"
            name={unitField(name)}
            defaultValue={shown.unit}
            aria-label={sourceFormWords.unitOf(label)}
          >
            {units.map((each) => (
              <option key={each.unit} value={each.unit}>
                {each.unit}
              </option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}
