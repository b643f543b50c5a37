import type { AuditOutcome, Door, ErrorCode, Role } from '@backup-sync/contracts';
import type { Actor } from './operation-records.ts';

type ProjectRow = { id: string; name: string; created_at_ms: number };

type BucketGrantRow = { project_id: string; storage_unit_id: string; bucket_name: string; prefix: string };

type UserRow = {
  id: string;
  name: string;
  password_hash: string;
  created_at_ms: number;
  disabled_at_ms: number | null;
};

type RoleAssignmentRow = { user_id: string; project_id: string; role: Role };

type TokenRow = {
  token_hash: string;
  user_id: string | null;
  user_name: string;
  kind: Actor['kind'];
  project_id: string;
  role: Role;
  issued_at_ms: number;
  expires_at_ms: number;
};

type AccessKeyRow = {
  access_key: string;
  user_id: string;
  project_id: string;
  /** See secret-seal.ts. */
  sealed_secret: string;
  created_at_ms: number;
  disabled_at_ms: number | null;
};

type AuditEventRow = {
  id: string;
  at_ms: number;
  project_id: string;
  actor_kind: Actor['kind'];
  actor_name: string;
  operation: string;
  door: Door;
  address: string | null;
  outcome: AuditOutcome;
  error_code: ErrorCode | null;
  request_id: string;
};

type AuditSubjectRow = { event_id: string; position: number; field: string; value: string };

/** The tables of the embedded identity, and of the audit. */
export type IdentitySchema = {
  projects: ProjectRow;
  bucket_grants: BucketGrantRow;
  users: UserRow;
  role_assignments: RoleAssignmentRow;
  tokens: TokenRow;
  access_keys: AccessKeyRow;
  audit_events: AuditEventRow;
  audit_subjects: AuditSubjectRow;
};
