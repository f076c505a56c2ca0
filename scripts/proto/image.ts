/**
 * Writes proto/envoy-api.binpb.br, the descriptors of Envoy's v3 API, from the PyPI wheel that requirements.txt pins.
 * Only whoever raises the API's version runs this: `node scripts/proto/image.ts`. Needs python3 with pip.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { root } from '../setup/paths.ts';

/** Folders of the API whose types a proxy of today may be sent; v2 and the alpha versions are history. */
const wanted = /^(envoy|xds|udpa)\/(?!.*\/v2(alpha|\d)?\/)/;

function unpackWheel(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xds-protos-'));
  const python = (...args: readonly string[]) => execFileSync('python3', args, { stdio: 'inherit' });
  const requirements = join(root, 'scripts', 'proto', 'requirements.txt');
  python('-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '-r', requirements, '-d', folder);
  const [wheel] = globSync('*.whl', { cwd: folder });
  if (wheel === undefined) throw new Error('pip downloaded no wheel');
  python('-m', 'zipfile', '-e', join(folder, wheel), folder);
  return folder;
}

/** The bytes of a Python literal b'...', whose escapes are \n \r \t \\ \' \" and \xNN. */
function pythonBytes(literal: string): Uint8Array {
  const escapes: Record<string, number> = { n: 10, r: 13, t: 9, '\\': 92, "'": 39, '"': 34 };
  const bytes: number[] = [];
  for (let i = 0; i < literal.length; i++) {
    if (literal[i] !== '\\') {
      bytes.push(literal.charCodeAt(i));
    } else if (literal[i + 1] === 'x') {
      bytes.push(Number.parseInt(literal.slice(i + 2, i + 4), 16));
      i += 3;
    } else {
      const byte = escapes[literal[i + 1] ?? ''];
      if (byte === undefined) throw new Error(`unknown escape \\${literal[i + 1]}`);
      bytes.push(byte);
      i += 1;
    }
  }
  return Uint8Array.from(bytes);
}

function descriptorsOf(folder: string): Map<string, FileDescriptorProto> {
  const files = new Map<string, FileDescriptorProto>();
  for (const module of globSync('**/*_pb2.py', { cwd: folder })) {
    const literal = /AddSerializedFile\(b(['"])(.*)\1\)/.exec(readFileSync(join(folder, module), 'latin1'))?.[2];
    if (literal === undefined) throw new Error(`${module}: expected a serialized file descriptor`);
    const file = fromBinary(FileDescriptorProtoSchema, pythonBytes(literal));
    files.set(file.name, file);
  }
  // The wheel relies on Python's own copies of google/protobuf; protobuf-es carries the same descriptors.
  for (const [name, value] of Object.entries(wellKnown)) {
    if (!name.startsWith('file_google_protobuf_')) continue;
    const { proto } = value as { readonly proto: FileDescriptorProto };
    files.set(proto.name, proto);
  }
  return files;
}

/** The files wanted and all that they import, dependencies first. */
function closure(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered: FileDescriptorProto[] = [];
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    const file = files.get(name);
    if (file === undefined) throw new Error(`${name} is imported but not in the wheel`);
    for (const dependency of file.dependency) visit(dependency);
    ordered.push(file);
  };
  for (const name of [...files.keys()].sort()) if (wanted.test(name)) visit(name);
  return ordered;
}

const folder = unpackWheel();
const file = closure(descriptorsOf(folder));
rmSync(folder, { recursive: true });
const image = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
const packed = brotliCompressSync(image, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
});
writeFileSync(join(root, 'proto', 'envoy-api.binpb.br'), packed);
console.log(`${file.length} files, ${image.length} bytes, ${packed.length} compressed`);
