import type { ReasonCode } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { BackupRecord, Decision } from '../catalogue/backup-records.ts';
import type { EdgeProof, Examination, Location } from '../chain/proof/link.ts';
import { chainDigest, decideExamined, decideSync } from './decide-sync.ts';

const item = {
  backup_id: 'b1',
  backup_name: 'daily',
  bucket_name: 'bucket',
  image_path: 'a/b',
  resource_id: 'r1',
  resource_name: 'vm',
  resource_type: 'OS::Native::Server',
  created_at: 1_700_000_000,
};
const here: Location = { storageUnitId: 'default', bucketName: 'bucket', imagePath: 'a/b' };
const elsewhere: Location = { ...here, imagePath: 'c/d' };
const nowMs = Date.UTC(2026, 10, 25);
const subject = { item, projectId: 'p1', location: here, isRequest: true, nowMs };
const requests = { lists: 1, gets: 0, bytesRead: 0 };
const listing = { digest: 'd1', fingerprint: 'f1', objectCount: 3, storedBytes: 30, newestObjectAtMs: 1 };

const whole: Examination = {
  format: 'cinder',
  listing,
  shared: null,
  contentId: 'c1',
  level: 'linkage',
  fault: null,
  form: { ceiling: 'replay', gaps: [] },
  contradictsRequest: false,
  limit: null,
  remark: null,
  parentBackupId: null,
  missingParentId: null,
  ancestors: [],
  incremental: false,
  volumeBytes: 1024,
  formatTime: null,
  parentFormatTime: null,
  verifiedAtMs: 5,
  checkVersion: 'cinder/1',
  newProofs: [proof()],
  unreadHashes: [],
  awaitingData: [],
};
const broken: Examination = {
  ...whole,
  level: 'metadata',
  fault: { code: 'object_missing', detail: 'a/b-00001' },
};
const present: Examination = { ...whole, format: 'unknown', level: 'presence' };

function proof(): EdgeProof {
  return {
    backupId: 'b1',
    location: here,
    listing,
    contentId: 'c1',
    parentBackupId: null,
    parentListingDigest: null,
    level: 'linkage',
    fault: null,
    form: { ceiling: 'replay', gaps: [] },
    limit: null,
    remark: null,
    volumeBytes: 1024,
    formatTime: null,
    checkVersion: 'cinder/1',
    verifiedAtMs: 5,
    metadataObjects: [],
  };
}

function decide(current: BackupRecord | null, examination: Examination, location = here): Decision {
  return decideSync({ ...subject, location, current }, { kind: 'seen', examination, requests });
}

/** The record after a sync with this examination. */
function recorded(examination: Examination, changes: Partial<BackupRecord> = {}): BackupRecord {
  const { record } = decide(null, examination);
  if (record === null) throw new Error('a first sync of what was seen makes a record');
  const kept = {
    lastOperationId: 'o1',
    createdAtMs: 1,
    updatedAtMs: 1,
    revision: 1,
    sourceId: null,
    checkpointId: null,
  };
  return { ...record, ...kept, ...changes };
}

test('a new, whole backup is recorded as available', () => {
  const decision = decide(null, whole);
  expect(decision).toMatchObject({ status: 'success', outcome: 'created', level: 'linkage' });
  expect(decision.record).toMatchObject({ backupId: 'b1', status: 'available', level: 'linkage', fault: null });
  expect(decision.proofs).toHaveLength(1);
});

test('if nothing could be read, nothing is recorded, and an existing record stays unchanged', () => {
  const seen = { kind: 'unseen', fault: { code: 'path_not_found', detail: 'bucket/a/b' }, requests } as const;
  for (const current of [null, recorded(whole)]) {
    expect(decideSync({ ...subject, current }, seen)).toMatchObject({
      status: 'failed',
      outcome: 'none',
      fault: { code: 'path_not_found' },
      record: null,
    });
  }
});

test('a request that contradicts its own image path creates or changes no record', () => {
  const contradiction: Examination = {
    ...whole,
    contentId: null,
    level: null,
    fault: { code: 'identity_mismatch', detail: 'another volume' },
    contradictsRequest: true,
    newProofs: [],
  };
  for (const current of [null, recorded(whole, { location: elsewhere }), recorded(whole, { resourceId: 'r2' })]) {
    expect(decide(current, contradiction)).toMatchObject({
      status: 'failed',
      fault: { code: 'identity_mismatch' },
      record: null,
    });
  }
});

test('an operation out of time ends as timeout', () => {
  const seen = { kind: 'unseen', fault: { code: 'deadline_exceeded', detail: '' }, requests } as const;
  expect(decideSync({ ...subject, current: null }, seen).status).toBe('timeout');
});

test('a broken backup is recorded as an error, with the reason', () => {
  const decision = decide(null, broken);
  expect(decision).toMatchObject({ status: 'failed', outcome: 'marked', fault: { code: 'object_missing' } });
  expect(decision.record).toMatchObject({ status: 'error', fault: { code: 'object_missing', detail: 'a/b-00001' } });
});

test('nothing is written for an unchanged backup', () => {
  const again = decide(recorded(whole), { ...whole, newProofs: [] });
  expect(again).toMatchObject({ status: 'success', outcome: 'unchanged', record: null });
  const stillBroken = decide(recorded(broken), { ...broken, newProofs: [] });
  expect(stillBroken).toMatchObject({
    status: 'failed',
    outcome: 'unchanged',
    fault: { code: 'object_missing' },
    record: null,
  });
});

test('a new proof renews the record', () => {
  const decision = decide(recorded(whole), { ...whole, verifiedAtMs: 9 });
  expect(decision).toMatchObject({ status: 'success', outcome: 'verified' });
  expect(decision.record?.verifiedAtMs).toBe(9);
});

test('a proved record whose objects are missing from its place becomes broken', () => {
  expect(decide(recorded(whole), broken).record).toMatchObject({ status: 'error', fault: { code: 'object_missing' } });
});

test('a broken copy at another place does not change a proved record', () => {
  expect(decide(recorded(whole), broken, elsewhere)).toMatchObject({ status: 'failed', outcome: 'none', record: null });
});

test.each(['access_denied', 'changed_while_read', 'archived', 'encrypted_customer_key'] as const)(
  'a proved record stays unchanged if %s prevented the read',
  (code) => {
    const unread: Examination = {
      ...whole,
      contentId: null,
      level: 'presence',
      fault: { code, detail: 'a/b_metadata' },
    };
    expect(decide(recorded(whole), unread)).toMatchObject({
      status: 'failed',
      outcome: 'none',
      fault: { code },
      record: null,
    });
  },
);

test('an archived backup is recorded with that reason; a refused access is only in the operation log', () => {
  const unread = (code: 'archived' | 'access_denied'): Examination => ({
    ...whole,
    contentId: null,
    level: 'presence',
    fault: { code, detail: 'a/b_metadata' },
  });
  expect(decide(null, unread('archived')).record).toMatchObject({ status: 'error', fault: { code: 'archived' } });
  expect(decide(null, unread('access_denied')).record).toBeNull();
});

test('a backup whose metadata was never read is not taken to be another backup', () => {
  const unread = recorded({ ...broken, contentId: null, fault: { code: 'metadata_unreadable', detail: '' } });
  expect(decide(unread, whole, elsewhere)).toMatchObject({ status: 'success', outcome: 'superseded' });
});

test('a broken record that is whole again is available again', () => {
  const decision = decide(recorded(broken), whole);
  expect(decision).toMatchObject({ status: 'success', outcome: 'verified' });
  expect(decision.record).toMatchObject({ status: 'available', fault: null });
});

test('other content never overwrites a record that is proved available', () => {
  const other = { ...whole, contentId: 'c2' };
  expect(decide(recorded(whole), other, elsewhere)).toMatchObject({
    status: 'failed',
    outcome: 'none',
    fault: { code: 'conflict', detail: 'the recorded backup at bucket/a/b has other content' },
    record: null,
    proofs: [],
  });
});

test('an id that says more about the same content is no other content, and the one that says more is kept', () => {
  const hashed = { ...whole, contentId: 'c1-digests' };
  expect(decide(recorded(whole), hashed)).toMatchObject({ status: 'success', record: { contentId: 'c1-digests' } });
  const unhashed = decide(recorded(hashed), { ...whole, listing: { ...listing, digest: 'd2' } });
  expect(unhashed).toMatchObject({ status: 'success', record: { contentId: 'c1-digests' } });
  expect(decide(recorded(hashed), { ...whole, contentId: 'c1-others' })).toMatchObject({ fault: { code: 'conflict' } });
});

test('a record whose place has other content is no longer available, and keeps its evidence', () => {
  const other = { ...whole, contentId: 'c2', listing: { ...whole.listing, digest: 'other' } };
  const anotherBackup: Examination = {
    ...other,
    fault: { code: 'identity_mismatch', detail: 'of another backup' },
    contradictsRequest: true,
  };
  for (const [examination, reasonCode] of [
    [other, 'conflict'],
    [anotherBackup, 'identity_mismatch'],
  ] as const) {
    const decision = decide(recorded(whole), examination);
    expect(decision).toMatchObject({ status: 'failed', outcome: 'marked', fault: { code: reasonCode }, proofs: [] });
    expect(decision.record).toMatchObject({
      status: 'error',
      fault: { code: reasonCode },
      contentId: whole.contentId,
      level: 'linkage',
    });
    if (reasonCode === 'conflict') {
      expect(decision.fault?.detail).toBe('the content at bucket/a/b is no longer what was recorded');
    }
    const displaced = { ...recorded(whole), ...decision.record };
    expect(decide(displaced, examination)).toMatchObject({
      outcome: 'unchanged',
      fault: { code: reasonCode },
      record: null,
    });
    expect(decide(displaced, whole)).toMatchObject({ status: 'success', outcome: 'verified' });
  }
});

test('other content replaces a broken record', () => {
  const decision = decide(recorded(broken), { ...whole, contentId: 'c2' });
  expect(decision).toMatchObject({ status: 'success', outcome: 'superseded' });
  expect(decision.record?.contentId).toBe('c2');
});

test('at level presence, changed content updates the record, and the log says so', () => {
  const decision = decide(recorded(present), { ...present, contentId: 'c2' });
  expect(decision).toMatchObject({ status: 'success', outcome: 'updated' });
  expect(decision.message).toContain('content at the image path has changed');
});

test('the same content at another place moves the record', () => {
  const decision = decide(recorded(whole), whole, elsewhere);
  expect(decision).toMatchObject({ status: 'success', outcome: 'moved' });
  expect(decision.record?.location).toEqual(elsewhere);
});

test('other names and times update the record, and are never part of its identity', () => {
  for (const change of [{ backupName: 'x' }, { resourceName: 'x' }, { protectedAtS: 1 }, { resourceType: 'x' }]) {
    const decision = decide(recorded(whole, change), { ...whole, newProofs: [] });
    expect(decision).toMatchObject({ status: 'success', outcome: 'updated' });
    expect(decision.record).toMatchObject({ backupName: 'daily', resourceName: 'vm', protectedAtS: 1_700_000_000 });
  }
});

describe('a place that is not a backup', () => {
  const refusedAs = (code: ReasonCode): Examination => ({
    ...present,
    contentId: null,
    level: null,
    fault: { code, detail: 'bucket/a/b' },
    contradictsRequest: true,
    newProofs: [],
  });
  const empty = { listing: { ...listing, storedBytes: 0 } };

  test('is not recorded', () => {
    for (const code of ['path_not_found', 'path_not_a_backup'] as const) {
      expect(decide(null, refusedAs(code))).toMatchObject({ status: 'failed', fault: { code }, record: null });
    }
  });

  test('marks a record that claims presence there as an error', () => {
    for (const [code, fields] of [
      ['path_not_a_backup', {}],
      ['path_not_found', empty],
    ] as const) {
      const decision = decide(recorded(present, fields), refusedAs(code));
      expect(decision).toMatchObject({ status: 'failed', outcome: 'marked', fault: { code } });
      expect(decision.record).toMatchObject({ status: 'error', fault: { code }, level: null });
    }
  });

  test('does not change a record that had content, is proved, or is at another place', () => {
    const refused = refusedAs('path_not_found');
    for (const current of [recorded(present), recorded(whole, empty)]) {
      expect(decide(current, refused)).toMatchObject({ outcome: 'none', record: null });
    }
    expect(decide(recorded(present, empty), refused, elsewhere)).toMatchObject({ outcome: 'none', record: null });
  });
});

test('contradicting times fail nothing, but record and operation report them, even if nothing changed', () => {
  const formatTime = { atMs: Date.UTC(2026, 2, 1), hasZone: true };
  const later: Examination = { ...whole, formatTime };
  const timeContradiction = expect.stringContaining('Correct created_at in the request.');
  const first = decide(null, later);
  expect(first).toMatchObject({ status: 'success', outcome: 'created', timeContradiction });
  expect(first.record).toMatchObject({ takenAtMs: formatTime.atMs, takenAtSource: 'format', timeContradiction });
  const again = decide(recorded(later), { ...later, newProofs: [] });
  expect(again).toMatchObject({ status: 'success', outcome: 'unchanged', record: null, timeContradiction });
});

test('a time that was unknown before updates the record', () => {
  const formatTime = { atMs: item.created_at * 1000, hasZone: true };
  const told = decide(recorded(whole), { ...whole, formatTime, newProofs: [] });
  expect(told).toMatchObject({ status: 'success', outcome: 'updated' });
  expect(told.record).toMatchObject({ takenAtMs: formatTime.atMs, takenAtSource: 'format' });
});

test('a disk image that is replaced by another whole one at its place is updated, and is a conflict elsewhere', () => {
  const image: Examination = { ...whole, format: 'qcow2' };
  const next: Examination = { ...image, contentId: 'c2', listing: { ...listing, digest: 'd2' } };
  const conflict = { code: 'conflict', detail: '' } as const;
  for (const [current, outcome] of [
    [recorded(image), 'updated'],
    [recorded(image, { status: 'error', fault: conflict }), 'superseded'],
  ] as const) {
    const decision = decide(current, next);
    expect(decision).toMatchObject({ status: 'success', outcome, record: { contentId: 'c2', status: 'available' } });
  }
  expect(decide(recorded(image), next, elsewhere)).toMatchObject({ fault: { code: 'conflict' }, record: null });
  expect(decide(recorded(whole), next)).toMatchObject({ fault: { code: 'conflict' } });
  const cut = { ...next, fault: { code: 'object_size_impossible', detail: '' } } as const;
  expect(decide(recorded(image), cut)).toMatchObject({ outcome: 'marked', record: { status: 'error' } });
});

describe('what a replay expanded without hashes to compare it with', () => {
  const volumes = [{ disk: 'root', size: 1024, expanded_sha256: 'e1' }];
  const expanded = { chainDigest: chainDigest(whole), volumes };
  const verified = (current: BackupRecord, now = volumes) =>
    decideExamined({ ...subject, current }, { ...whole, newProofs: [proof()] }, { kind: 'expanded', volumes: now });

  test('is recorded with the chain that it is of', () => {
    expect(verified(recorded(whole)).record?.expanded).toEqual(expanded);
  });

  test('stays while the chain is the same: when it is synced again, moved, unreadable or broken', () => {
    const current = recorded(whole, { expanded });
    const broken = { ...whole, fault: { code: 'content_mismatch', detail: '' } } as const;
    const unreadable = { ...whole, contentId: null, fault: { code: 'metadata_unreadable', detail: '' } } as const;
    for (const seen of [{ ...whole, newProofs: [proof()] }, broken, unreadable]) {
      expect(decide(current, seen).record?.expanded).toEqual(expanded);
    }
    expect(decide(current, whole, elsewhere).record?.expanded).toEqual(expanded);
    // The first value stays, so that a backup cannot become right by being verified twice.
    const other = [{ disk: 'root', size: 1024, expanded_sha256: 'e2' }];
    expect(verified(current, other).record?.expanded).toEqual(expanded);
  });

  test('is forgotten when a listing of the chain has changed, although its content is the same', () => {
    const current = recorded(whole, { expanded });
    const listing = { ...whole.listing, digest: 'of a new upload' };
    expect(decide(current, { ...whole, listing, newProofs: [proof()] }).record?.expanded).toBeNull();
    const ancestors = [{ backupId: 'b0', location: elsewhere, listingDigest: 'of a new upload' }];
    expect(decide(current, { ...whole, ancestors, newProofs: [proof()] }).record?.expanded).toBeNull();
  });
});
