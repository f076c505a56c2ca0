/**
 * Istio's table of names (istio.networking.nds.v1), which is not among Envoy's messages, and our type of the same shape, as
 * descriptors: for what shows resources as JSON.
 */
import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Type as Kind,
  FieldDescriptorProto_Label as Label,
} from '@bufbuild/protobuf/wkt';

const text = (name: string, number: number, label = Label.OPTIONAL) => ({
  ...{ name, jsonName: name, number, label },
  type: Kind.STRING,
});

const message = (name: string, number: number, typeName: string, label = Label.OPTIONAL) => ({
  ...{ name, jsonName: name, number, label, typeName },
  type: Kind.MESSAGE,
});

/** A message with a map from hosts to what they stand for. */
function table(typePackage: string, name: string): DescriptorProto {
  const path = `.${typePackage}.${name}`;
  return create(DescriptorProtoSchema, {
    name,
    field: [message('table', 1, `${path}.TableEntry`, Label.REPEATED)],
    nestedType: [
      {
        name: 'NameInfo',
        field: [text('ips', 1, Label.REPEATED), text('registry', 2), text('shortname', 3), text('namespace', 4)],
      },
      {
        name: 'TableEntry',
        field: [text('key', 1), message('value', 2, `${path}.NameInfo`)],
        options: { mapEntry: true },
      },
    ],
  });
}

function file(typePackage: string, name: string) {
  return create(FileDescriptorProtoSchema, {
    name: `${typePackage}.proto`,
    package: typePackage,
    syntax: 'proto3',
    messageType: [table(typePackage, name)],
  });
}

export function nameRegistry(): FileRegistry {
  const files = [file('istio.networking.nds.v1', 'NameTable'), file('fairway.dns.v1', 'Name')];
  return createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
}
