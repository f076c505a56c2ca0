/**
 * Writes src/proto from the committed descriptors with ts-proto: interfaces and encoders for the messages that the
 * translators build. Everything else (JSON, reflection, decoding) reads the descriptors themselves at run time.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { root } from '../setup/paths.ts';

/** The files that declare what the translators build; what these import comes along. */
const roots = [
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/extensions/access_loggers/file/v3/file.proto',
  'envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.proto',
  'envoy/extensions/filters/http/cors/v3/cors.proto',
  'envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.proto',
  'envoy/extensions/filters/http/fault/v3/fault.proto',
  'envoy/extensions/filters/http/grpc_stats/v3/config.proto',
  'envoy/extensions/filters/http/grpc_web/v3/grpc_web.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto',
  'envoy/extensions/filters/listener/original_dst/v3/original_dst.proto',
  'envoy/extensions/filters/listener/original_src/v3/original_src.proto',
  'envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.proto',
  'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy.proto',
  'envoy/extensions/filters/network/sni_cluster/v3/sni_cluster.proto',
  'envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy.proto',
  'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
  'envoy/extensions/http/header_formatters/preserve_case/v3/preserve_case.proto',
  'envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.proto',
  'envoy/extensions/request_id/uuid/v3/uuid.proto',
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
  'envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto',
  'envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.proto',
  'envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.proto',
  'envoy/extensions/transport_sockets/tls/v3/tls.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/service/discovery/v3/discovery.proto',
];

const options = [
  'env=both',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'forceLong=number',
  'useOptionals=all',
  'oneof=unions-value',
  'enumsAsLiterals=true',
  'unrecognizedEnum=false',
  'exportCommonSymbols=false',
  'outputServices=none',
  'outputClientImpl=false',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'outputDecodeIncludeTypes=^$',
  'outputTypeAnnotations=static-only',
];

/** Annotations and documentation of the API that no proxy ever sees. */
const foreign = /^(validate|google\/protobuf\/descriptor|(udpa|xds)\/annotations)\b/;

function reachable(files: ReadonlyMap<string, FileDescriptorProto>): string[] {
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name) || foreign.test(name)) return;
    seen.add(name);
    for (const dependency of files.get(name)?.dependency ?? []) visit(dependency);
  };
  for (const name of roots) {
    if (!files.has(name)) throw new Error(`${name} is not in the descriptors`);
    visit(name);
  }
  return [...seen].sort();
}

const image = brotliDecompressSync(readFileSync(join(root, 'proto', 'envoy-api.binpb.br')));
const { file } = fromBinary(FileDescriptorSetSchema, image);
const request = create(CodeGeneratorRequestSchema, {
  fileToGenerate: reachable(new Map(file.map((f) => [f.name, f]))),
  parameter: options.join(','),
  protoFile: file,
});
const plugin = spawnSync(join(root, 'node_modules', '.bin', 'protoc-gen-ts_proto'), {
  input: toBinary(CodeGeneratorRequestSchema, request),
  maxBuffer: 1 << 28,
});
if (plugin.status !== 0) throw new Error(`ts-proto: ${plugin.stderr}`);
const response = fromBinary(CodeGeneratorResponseSchema, plugin.stdout);
if (response.error) throw new Error(`ts-proto: ${response.error}`);
const target = join(root, 'src', 'proto');
rmSync(target, { recursive: true, force: true });
for (const { name, content } of response.file) {
  mkdirSync(dirname(join(target, name)), { recursive: true });
  writeFileSync(join(target, name), content);
}
