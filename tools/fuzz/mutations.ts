import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';

/** A change of the objects of a bucket. `apply` returns the keys that have changed. */
export type Mutation = {
  readonly name: string;
  readonly apply: (bucket: Map<string, Uint8Array>) => readonly string[];
};

const bombBytes = 32 * 1024 * 1024;
const zeros = new Uint8Array(bombBytes);
/** Few bytes that decompress to many. */
const bombs = [gzipSync(zeros), deflateSync(zeros), brotliCompressSync(zeros), zstdCompressSync(zeros)];

/** Pieces of documents that have broken readers. */
const splices = [
  '{"__proto__":{"polluted":true},',
  '"constructor":{"prototype":{"polluted":true}},',
  '['.repeat(5000),
  '{"a":'.repeat(5000),
  '1e999',
  '-1',
  '9007199254740993',
  '0.1',
  'null',
  '"../../../etc/passwd"',
  '"\\ud800"',
  '\u0000',
  '\ufeff',
  '"a',
  ',',
  '}',
  '{"version":"99"}',
];

/** One to three changes. Each names its object by its place in the bucket. */
export function mutations(): fc.Arbitrary<readonly Mutation[]> {
  const place = fc.nat();
  const flip = fc.tuple(place, place, fc.integer({ min: 1, max: 255 })).map(([object, at, bits]) =>
    changing(`flips bits ${bits}`, object, (bytes) => {
      const changed = Uint8Array.from(bytes);
      const index = at % Math.max(changed.length, 1);
      changed[index] = (changed[index] ?? 0) ^ bits;
      return changed;
    }),
  );
  const cut = fc
    .tuple(place, place)
    .map(([object, at]) => changing('cuts it', object, (bytes) => bytes.subarray(0, at % Math.max(bytes.length, 1))));
  const splice = fc.tuple(place, place, fc.constantFrom(...splices), fc.nat(40)).map(([object, at, text, removed]) =>
    changing(`inserts ${text.slice(0, 40)}`, object, (bytes) => {
      const index = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, index), Buffer.from(text), bytes.subarray(index + removed)]);
    }),
  );
  const bomb = fc
    .tuple(place, fc.constantFrom(...bombs))
    .map(([object, bytes]) => changing('replaces it by a bomb', object, () => bytes));
  const swap = fc.tuple(place, place).map(([one, other]) => swapping(one, other));
  const remove = place.map((object) => changing('removes it', object, () => null));
  const alien = fc
    .constantFrom('zz', '\u202e', 'a'.repeat(250), 'volume_x/1/az_backup_y_metadata', 'manifest.json', ' ')
    .map(
      (key): Mutation => ({
        name: `adds ${key.slice(0, 20)}`,
        apply: (bucket) => {
          bucket.set(key, Buffer.from('{'));
          return [];
        },
      }),
    );
  const one = fc.oneof(
    { weight: 6, arbitrary: flip },
    { weight: 3, arbitrary: cut },
    { weight: 6, arbitrary: splice },
    { weight: 1, arbitrary: bomb },
    { weight: 2, arbitrary: swap },
    { weight: 2, arbitrary: remove },
    { weight: 1, arbitrary: alien },
  );
  return fc.array(one, { minLength: 1, maxLength: 3 });
}

function changing(name: string, object: number, change: (bytes: Uint8Array) => Uint8Array | null): Mutation {
  return {
    name,
    apply(bucket) {
      const key = keyAt(bucket, object);
      const changed = change(bucket.get(key) ?? new Uint8Array());
      if (changed === null) bucket.delete(key);
      else bucket.set(key, changed);
      return [key];
    },
  };
}

function swapping(one: number, other: number): Mutation {
  return {
    name: 'swaps two',
    apply(bucket) {
      const [first, second] = [keyAt(bucket, one), keyAt(bucket, other)];
      const bytes = bucket.get(first) ?? new Uint8Array();
      bucket.set(first, bucket.get(second) ?? new Uint8Array());
      bucket.set(second, bytes);
      return [first, second];
    },
  };
}

function keyAt(bucket: ReadonlyMap<string, Uint8Array>, place: number): string {
  const keys = [...bucket.keys()];
  return keys[place % keys.length] ?? '';
}
