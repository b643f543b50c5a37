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

export const doors = ['rest', 'trpc', 'console', 'engine', 'cli'] as const;
export type DoorName = (typeof doors)[number];
/** `none` no longer has a role, but still has the credentials from before. */
export const holders = [...roles, 'none'] as const;
export type Holder = Role | 'none';

/** Credentials of a call at every interface: a user's token, an access key, a token of Keystone, or nothing. */
const everywhere = ['token', 'signature', 'keystone', 'none'] as const;
/** The console has a token in its cookie, and signs nothing. */
const ofConsole = ['token', 'keystone', 'none'] as const;
/** A command may also use what `login` keeps, or be run by the owner of the server's data directory. */
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
  if (door === 'console') return ofConsole;
  return door === 'cli' ? [...everywhere, ...ofCommands] : everywhere;
}

/** The owner of a data directory is its only operator, with every right. */
export function holdersOf(way: Way): readonly Holder[] {
  return way === 'operator' ? ['administrator'] : holders;
}

/** Why an interface cannot make a call; null if it can. */
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

/** A refusal because of the caller. A call with any other outcome was allowed. */
export type AccessRefusal = Extract<ErrorCode, 'not_authenticated' | 'role_not_allowed' | 'project_not_allowed'>;

export function accessRefusal(code: string | null | undefined): AccessRefusal | null {
  return code === 'not_authenticated' || code === 'role_not_allowed' || code === 'project_not_allowed' ? code : null;
}

/** The refusal that the table of calls demands for a cell; null if the call is allowed. */
export function refusalOf({ way, holder, project, call }: Cell): AccessRefusal | null {
  if (way === 'operator') return null;
  // Without a role no credentials are valid. A token of Keystone still says who calls.
  if (way === 'none' || (holder === 'none' && way !== 'keystone')) return 'not_authenticated';
  if (holder === 'none') return 'role_not_allowed';
  if (project === 'other') return 'project_not_allowed';
  return roleAllows(holder, calls[call].role) ? null : 'role_not_allowed';
}

/** The cells whose outcome differs from the table, with both outcomes. */
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
