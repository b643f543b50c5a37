import { type ReactNode, useId } from 'react';

/** What connects a control with its label, hint and problem. To be spread on the control. */
export type ControlProps = {
  readonly id: string;
  readonly className: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
};

type FieldProps = {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  /** What is wrong with the value; undefined if nothing is. */
  readonly problem?: string | undefined;
  readonly children: (control: ControlProps) => ReactNode;
};

/** A labelled control of a form: `<Field label="Name">{(control) => <input {...control} />}</Field>`. */
export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, problem !== undefined && `${id}-problem`].filter(Boolean);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        className: 'input',
        ...(described.length > 0 && { 'aria-describedby': described.join(' ') }),
        ...(problem !== undefined && { 'aria-invalid': true }),
      })}
      {hint !== undefined && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {problem !== undefined && (
        <div className="problem" id={`${id}-problem`}>
          {problem}
        </div>
      )}
    </div>
  );
}
