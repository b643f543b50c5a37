import {
  type CallName,
  callNames,
  calls,
  type ErrorCode,
  type Role,
  roleAllows,
  roles,
} from '../../packages/contracts/src/index.ts';
import { unreachedCalls } from '../conformance/call-commands.ts';

export const doors = ['rest', 'trpc', 'engine', 'cli'] as const;
export type DoorName = (typeof doors)[number];
/** Whoever has no role any more has the credentials from before. */
export const holders = [...roles, 'none'] as const;
export type Holder = Role | 'none';

/** How calls say who they are. A user's token, an access key, a token of Keystone's, or nothing, at every door. */
const everywhere = ['token', 'signature', 'keystone', 'none'] as const;
/** A command may come in by what `login` keeps, too, or be the operator of the server's data directory. */
const ofCommands = ['login', 'operator'] as const;
export type Way = (typeof everywhere)[number] | (typeof ofCommands)[number];

export type Cell = {
  readonly door: DoorName;
  readonly way: Way;
  readonly holder: Holder;
  readonly project: 'own' | 'other';
  readonly call: CallName;
};

export function waysOf(door: DoorName): readonly Way[] {
  return door === 'cli' ? [...everywhere, ...ofCommands] : everywhere;
}

/** The operator of a data directory is the one user of it, with every right. */
export function holdersOf(way: Way): readonly Holder[] {
  return way === 'operator' ? ['administrator'] : holders;
}

/** Why a call cannot be made at a door; null if it can. */
export function whyUnreached(door: DoorName, call: CallName): string | null {
  const unreached: { readonly [Name in CallName]?: string } = door === 'cli' ? unreachedCalls : {};
  return unreached[call] ?? null;
}

export function cellsOf(door: DoorName, way: Way): Cell[] {
  return callNames
    .filter((call) => whyUnreached(door, call) === null)
    .flatMap((call) =>
      holdersOf(way).flatMap((holder) =>
        (['own', 'other'] as const).map((project) => ({ door, way, holder, project, call })),
      ),
    );
}

export const cells: readonly Cell[] = doors.flatMap((door) => waysOf(door).flatMap((way) => cellsOf(door, way)));

/** A refusal of who calls; whatever else comes of a call, it was let in. */
export type AccessRefusal = Extract<ErrorCode, 'not_authenticated' | 'role_not_allowed' | 'project_not_allowed'>;

export function accessRefusal(code: string | null | undefined): AccessRefusal | null {
  return code === 'not_authenticated' || code === 'role_not_allowed' || code === 'project_not_allowed' ? code : null;
}

/** What the table of calls says must come of a cell: null where the call is let in. */
export function refusalOf({ way, holder, project, call }: Cell): AccessRefusal | null {
  if (way === 'operator') return null;
  // Without a role there is no way in at all; a token of Keystone's still says who it is.
  if (way === 'none' || (holder === 'none' && way !== 'keystone')) return 'not_authenticated';
  if (holder === 'none') return 'role_not_allowed';
  if (project === 'other') return 'project_not_allowed';
  return roleAllows(holder, calls[call].role) ? null : 'role_not_allowed';
}

/** The cells whose call came to something else than the table says, with both. */
export async function wrongCells(
  cells: readonly Cell[],
  outcomeOf: (cell: Cell) => Promise<AccessRefusal | null>,
): Promise<readonly object[]> {
  const wrong: object[] = [];
  for (const cell of cells) {
    const wanted = refusalOf(cell);
    const got = await outcomeOf(cell);
    if (got !== wanted) wrong.push({ ...cell, wanted, got });
  }
  return wrong;
}
