/**
 * A WebAssembly module that decodes a run of hashes with SIMD instructions, 16 digits at a time. JavaScript has no such
 * instructions and takes ten times as long.
 *
 * It exports `memory` and `decode(count, lead)`. The memory has `count` entries from address 0 on, each of `lead` bytes
 * (at most 16), 64 hex digits and a quotation mark. `decode` writes the hashes to `hashesAt`, 32 bytes each, and returns
 * how many. It stops before the first entry whose lead differs from that of entry 0, that has no quotation mark behind
 * the digits, or with a digit that is not 0 to 9 or a to f.
 */

/** Address at which `decode` writes. Below it is room for entries. */
export const hashesAt = 64 * 1024;
const pagesOfMemory = 2;

const digitsOfHash = 64;
const hashBytes = 32;
const quotationMark = 0x22;

/** A number without sign, in 7 bits per byte (LEB128). */
function unsigned(value: number): readonly number[] {
  const low = value & 0x7f;
  return value > 0x7f ? [low | 0x80, ...unsigned(value >>> 7)] : [low];
}

/** A positive number as an instruction has it: bit 6 of its last byte is the sign, so it must be 0. */
function signed(value: number): readonly number[] {
  return value > 0x3f ? [(value & 0x7f) | 0x80, ...signed(value >>> 7)] : [value];
}

const simd = (opcode: number, ...operands: readonly number[]) => [0xfd, ...unsigned(opcode), ...operands];

const getLocal = (index: number) => [0x20, index];
const setLocal = (index: number) => [0x21, index];
const teeLocal = (index: number) => [0x22, index];
const i32Const = (value: number) => [0x41, ...signed(value)];
const i32Load8 = (offset: number) => [0x2d, 0, ...unsigned(offset)];
const i32Add = [0x6a];
const i32Equal = [0x46];
const i32NotEqual = [0x47];
const block = [0x02, 0x40];
const loop = [0x03, 0x40];
const end = [0x0b];
const branch = (depth: number) => [0x0c, depth];
const branchIf = (depth: number) => [0x0d, depth];
const v128Load = (offset: number) => simd(0x00, 0, ...unsigned(offset));
const v128Store = (offset: number) => simd(0x0b, 0, ...unsigned(offset));
const v128Const = (bytes: readonly number[]) => simd(0x0c, ...bytes);
const v128And = simd(0x4e);
const v128Or = simd(0x50);
const v128Xor = simd(0x51);
const v128AnyTrue = simd(0x53);
const i8x16Swizzle = simd(0x0e);
const i8x16Splat = simd(0x0f);
const i8x16Below = simd(0x26);
const i8x16Above = simd(0x27);
const i8x16Add = simd(0x6e);
const i16x8ShiftLeft = simd(0x8b);
const i16x8ShiftRight = simd(0x8d);
const i8x16Narrow = simd(0x66);

const everyByte = (value: number) => v128Const(Array.from({ length: 16 }, () => value));
const lowBytes = v128Const(Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? 0xff : 0)));
const indexes = v128Const(Array.from({ length: 16 }, (_, index) => index));
const hexDigits = v128Const([...'0123456789abcdef'].map((digit) => digit.charCodeAt(0)));

// The locals: parameters first, then numbers, then vectors. Constants are in locals, since the compiler would otherwise
// create them again for each use.
const [count, lead, entry, digits, target, decoded] = [0, 1, 2, 3, 4, 5];
const [firstLead, leadMask, characters, values, wrong] = [6, 7, 8, 9, 10];
const [lowNibbles, lastNumeral, letterOffset, digitOfValue, lowBytesMask] = [11, 12, 13, 14, 15];
const parameterCount = 2;
const numberCount = 4;
const vectorCount = 10;

/**
 * Pushes the values of 16 digits as 8 bytes, each in 16 bits. Sets bits of `wrong` unless all are digits: a value's digit
 * must be the character that it came from.
 */
const decodeDigits = (offset: number) => [
  ...[...getLocal(digits), ...v128Load(offset), ...teeLocal(characters)],
  ...[...getLocal(lowNibbles), ...v128And],
  ...[...getLocal(characters), ...getLocal(lastNumeral), ...i8x16Above, ...getLocal(letterOffset), ...v128And],
  ...[...i8x16Add, ...setLocal(values)],
  ...[...getLocal(digitOfValue), ...getLocal(values), ...i8x16Swizzle, ...getLocal(characters), ...v128Xor],
  ...[...getLocal(wrong), ...v128Or, ...setLocal(wrong)],
  ...[...getLocal(values), ...i32Const(4), ...i16x8ShiftLeft],
  ...[...getLocal(values), ...i32Const(8), ...i16x8ShiftRight],
  ...[...v128Or, ...getLocal(lowBytesMask), ...v128And],
];

const stop = branchIf(1);
const instructions = [
  ...[...everyByte(0x0f), ...setLocal(lowNibbles)],
  ...[...everyByte('9'.charCodeAt(0)), ...setLocal(lastNumeral)],
  ...[...everyByte(9), ...setLocal(letterOffset)],
  ...[...hexDigits, ...setLocal(digitOfValue)],
  ...[...lowBytes, ...setLocal(lowBytesMask)],
  ...[...i32Const(0), ...v128Load(0), ...setLocal(firstLead)],
  ...[...indexes, ...getLocal(lead), ...i8x16Splat, ...i8x16Below, ...setLocal(leadMask)],
  ...[...i32Const(hashesAt), ...setLocal(target)],
  ...[...block, ...loop],
  ...[...getLocal(decoded), ...getLocal(count), ...i32Equal, ...stop],
  ...[...getLocal(entry), ...v128Load(0), ...getLocal(firstLead), ...v128Xor],
  ...[...getLocal(leadMask), ...v128And, ...v128AnyTrue, ...stop],
  ...[...getLocal(entry), ...getLocal(lead), ...i32Add, ...teeLocal(digits)],
  ...[...i32Load8(digitsOfHash), ...i32Const(quotationMark), ...i32NotEqual, ...stop],
  ...[...everyByte(0), ...setLocal(wrong)],
  ...[...getLocal(target), ...decodeDigits(0), ...decodeDigits(16), ...i8x16Narrow, ...v128Store(0)],
  ...[...getLocal(target), ...decodeDigits(32), ...decodeDigits(48), ...i8x16Narrow, ...v128Store(16)],
  ...[...getLocal(wrong), ...v128AnyTrue, ...stop],
  ...[...getLocal(digits), ...i32Const(digitsOfHash + 1), ...i32Add, ...setLocal(entry)],
  ...[...getLocal(target), ...i32Const(hashBytes), ...i32Add, ...setLocal(target)],
  ...[...getLocal(decoded), ...i32Const(1), ...i32Add, ...setLocal(decoded)],
  ...[...branch(0), ...end, ...end],
  ...[...getLocal(decoded), ...end],
];

const i32 = 0x7f;
const v128 = 0x7b;
const functionType = 0x60;
const exportedFunction = 0;
const exportedMemory = 2;

const list = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: readonly number[]) => [...unsigned(bytes.length), ...bytes];
const nameOf = (text: string) => sized([...text].map((character) => character.charCodeAt(0)));
const locals = list([
  [numberCount, i32],
  [vectorCount, v128],
]);
const parameters = Array.from({ length: parameterCount }, () => [i32]);
const sections = [
  { id: 1, body: list([[functionType, ...list(parameters), ...list([[i32]])]]) },
  { id: 3, body: list([[0]]) },
  { id: 5, body: list([[0, ...unsigned(pagesOfMemory)]]) },
  {
    id: 7,
    body: list([
      [...nameOf('memory'), exportedMemory, 0],
      [...nameOf('decode'), exportedFunction, 0],
    ]),
  },
  { id: 10, body: list([sized([...locals, ...instructions])]) },
];
const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export const hashRunCode = Uint8Array.from([
  ...magicAndVersion,
  ...sections.flatMap(({ id, body }) => [id, ...sized(body)]),
]);
