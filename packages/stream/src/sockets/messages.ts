import { type Static, Type, TypeCompiler } from 'iii-protocol/schema';

const subscription = {
  subscriptionId: Type.String(),
  streamName: Type.String(),
  groupId: Type.String(),
  id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
};

/** What sockets send (spec §2.5). */
const ClientMessage = Type.Object({
  type: Type.Union([Type.Literal('join'), Type.Literal('leave')]),
  data: Type.Object(subscription),
});
const isClientMessage = TypeCompiler.Compile(ClientMessage);

export type ClientMessage = Static<typeof ClientMessage>;

/** The message, as text or binary; undefined when it is none, which is ignored. */
export function readMessage(bytes: Uint8Array): ClientMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
  if (!isClientMessage.Check(value)) return undefined;
  const { subscriptionId, streamName, groupId, id } = value.data;
  // As functions do: half a surrogate pair names nothing.
  return /\p{Surrogate}/u.test(`${subscriptionId} ${streamName} ${groupId} ${id ?? ''}`) ? undefined : value;
}
