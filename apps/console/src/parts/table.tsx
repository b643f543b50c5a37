import type { ReactNode } from 'react';

/** A column of a {@link Table}. */
export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers are aligned at the end. */
  readonly isNumber?: boolean;
};

export type TableProps<Row> = {
  /** What the rows are, for readers of the screen. */
  readonly caption: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
};

/** A table. On a narrow screen, each row becomes a card with the titles of the columns in it. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  const [first, ...others] = columns;
  return (
    <div className="table-place">
      <table className="table">
        <caption className="only-for-readers">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" className={isNumber ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <th scope="row">{first?.cell(row)}</th>
              {others.map(({ title, cell, isNumber }) => (
                <td key={title} data-label={title} className={isNumber ? 'number' : undefined}>
                  {/* One element, since a narrow screen lays out the title and the value as a grid. */}
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
