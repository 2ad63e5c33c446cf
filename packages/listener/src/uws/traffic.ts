import { Turn } from '../turn.js';
import { Arrivals } from './arrivals.js';
import { OwnTurn } from './own-turn.js';
import type { UwsSocket } from './socket.js';

/** Often enough for a client that the library would cut after 10 s in which the kernel told of no room. */
export const NUDGE_MS = 3_000;
/** Answers are nudged by turns: a thousand of them that are stuck take 20 ms. */
const NUDGE_TURNS = 30;

/** An answer that is under way. */
export interface Answering {
  /** Among the answers of its port, which keeps both. */
  place: number;
  nudgeTurn: number;
  nudge(): void;
}

/**
 * What is going on at one port. Idle HTTP connections are not here: the library does not say that they exist, only
 * closes all of them with the app.
 */
export class Traffic {
  readonly sockets = new Set<UwsSocket>();
  readonly turn = new Turn();
  readonly arrivals = new Arrivals(this.turn);
  readonly ownTurn = new OwnTurn();
  /**
   * Each knows its place. In a `Set` whose entries change with every request, what was answered would outlive it by far:
   * V8 has its old tables point to the new ones, and each that is old itself keeps all that follow.
   */
  readonly #answers: Answering[] = [];
  #nextTurn = 0;
  #turnNow = 0;
  #nudging: NodeJS.Timeout | undefined;
  #quiet: (() => void) | undefined;
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  began(response: Answering): void {
    response.place = this.#answers.length;
    response.nudgeTurn = this.#nextTurn;
    this.#nextTurn = (this.#nextTurn + 1) % NUDGE_TURNS;
    this.#answers.push(response);
    this.#nudging ??= setInterval(() => this.#nudge(), NUDGE_MS / NUDGE_TURNS).unref();
  }

  ended(response: Answering): void {
    const { place } = response;
    if (this.#answers[place] !== response) return;
    const last = this.#answers.pop();
    if (last !== undefined && last !== response) {
      this.#answers[place] = last;
      last.place = place;
    }
    this.#check();
  }

  opened(socket: UwsSocket): void {
    this.sockets.add(socket);
  }

  closed(socket: UwsSocket): void {
    this.sockets.delete(socket);
    this.#check();
  }

  /** No request is taken any more. Resolves when none is being answered and no WebSocket is open. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#quiet = resolve;
      this.#check();
    });
  }

  #nudge(): void {
    const turn = this.#turnNow;
    this.#turnNow = (turn + 1) % NUDGE_TURNS;
    for (const answer of this.#answers.filter(({ nudgeTurn }) => nudgeTurn === turn)) answer.nudge();
    if (this.#answers.length === 0) this.#stopNudging();
  }

  #stopNudging(): void {
    clearInterval(this.#nudging);
    this.#nudging = undefined;
  }

  #check(): void {
    if (this.#draining && this.#answers.length === 0) this.#stopNudging();
    if (this.#answers.length === 0 && this.sockets.size === 0) this.#quiet?.();
  }
}
