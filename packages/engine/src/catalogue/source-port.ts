/** Why removals of a source wait for someone to confirm them. */
export type HoldCause = 'empty_listing' | 'too_many';
