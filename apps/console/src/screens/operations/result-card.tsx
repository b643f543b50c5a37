import { operations as words } from '../../words/operations.ts';
import type { Fact } from './operation-result.ts';

/** What an operation has found or done. */
export function ResultCard({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <section className="card">
      <h2>{words.result}</h2>
      <dl className="facts numeric">
        {facts.map(({ name, value }) => (
          <div className="fact" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
