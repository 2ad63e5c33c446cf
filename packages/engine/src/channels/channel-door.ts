import { type AttachDecision, type ChannelHub, CREDIT_PROTOCOL } from 'iii-channel/hub';
import type { HttpAnswer, RequestHead, Socket, SocketEvents, UpgradeDecision } from 'iii-listener';
import type { ChannelPort, ChannelPortEvents, ChannelRef } from 'iii-protocol';
import type { Surroundings } from '../options.js';
import { Liveness, type Watched } from '../sessions/liveness.js';
import type { ChannelRequest } from '../worker-routes.js';
import { LocalEnd } from './local-end.js';
import { SocketEndpoint } from './socket-endpoint.js';

type Attachment = Extract<AttachDecision, object>;

/** Unknown channels and wrong keys look the same (protocol.md §8.3). */
const NOT_FOUND: HttpAnswer = {
  status: 404,
  headers: [['content-type', 'text/plain; charset=utf-8']],
  body: 'Channel not found',
};

interface WatchedSocket extends Watched {
  terminate(): void;
}

/** Lets in who wants to be an end of a channel. */
export class ChannelDoor {
  readonly #liveness: Liveness<WatchedSocket>;

  constructor(
    private readonly hub: ChannelHub,
    { clock, limits }: Surroundings,
  ) {
    this.#liveness = new Liveness(clock, limits.livenessMs, (socket) => socket.terminate());
  }

  /** Decides over a request for one end (§8.3). */
  decide(request: RequestHead, end: ChannelRequest): UpgradeDecision {
    const attachment = this.hub.attach(end);
    if (attachment === 'not_found') return { reject: NOT_FOUND };
    if (attachment === 'taken') return { accept: (socket) => refuse(socket, end.direction) };
    const isPython = request.header('user-agent')?.startsWith('Python/') === true;
    const accept = (socket: Socket) => this.#attach(socket, attachment, isPython);
    return offersCredit(request) ? { protocol: CREDIT_PROTOCOL, accept } : { accept };
  }

  /** Attaches an end that a worker in this process holds. */
  attach(
    { channel_id, access_key }: ChannelRef,
    direction: 'read' | 'write',
    events: ChannelPortEvents,
  ): ChannelPort | 'not_found' | 'taken' {
    const attachment = this.hub.attach({ channelId: channel_id, key: access_key, direction });
    if (typeof attachment === 'string') return attachment;
    const end = new LocalEnd(events);
    end.bind(attachment.accept(end));
    return end.port;
  }

  /**
   * Only ends that agreed to the sub-protocol are watched: they answer at all times. Others do not read while their
   * consumer is slow, or never do.
   */
  #attach(socket: Socket, attachment: Attachment, isPython: boolean): SocketEvents {
    const endpoint = new SocketEndpoint(socket, isPython);
    const events = attachment.accept(endpoint);
    if (!endpoint.hasCredit) return events;
    const watched = watch(socket);
    const heard = () => this.#liveness.heard(watched);
    this.#liveness.watch(watched);
    return {
      message: (data, isBinary) => {
        heard();
        events.message(data, isBinary);
      },
      ping: heard,
      pong: heard,
      drained: () => events.drained(),
      closed: (code, reason) => {
        this.#liveness.forget(watched);
        events.closed(code, reason);
      },
    };
  }
}

function refuse(socket: Socket, direction: string): SocketEvents {
  socket.close(1008, `the ${direction} end of this channel is taken: each can be attached once`);
  return { message: () => {}, closed: () => {} };
}

function watch(socket: Socket): WatchedSocket {
  return {
    lastHeardMs: 0,
    isOpen: true,
    ping: () => socket.ping(),
    terminate: () => socket.terminate(),
  };
}

function offersCredit(request: RequestHead): boolean {
  return request.headers.some(
    ([name, value]) =>
      name === 'sec-websocket-protocol' &&
      value.split(',').some((protocol) => protocol.trim() === CREDIT_PROTOCOL),
  );
}
