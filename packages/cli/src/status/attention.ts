import { counted } from '../text/quantity.js';
import { singleLine } from '../text/remote-text.js';
import type { WaitingTrigger } from './snapshot.js';

/** Functions named per type; the others are only counted. */
const MOST_NAMES = 3;

/** One line for each type whose triggers fire nothing, with what to do about it. */
export function attentionLines(waiting: readonly WaitingTrigger[]): string[] {
  const groups = new Map<string, WaitingTrigger[]>();
  for (const trigger of waiting) {
    const group = groups.get(trigger.trigger_type);
    if (group === undefined) groups.set(trigger.trigger_type, [trigger]);
    else group.push(trigger);
  }
  return [...groups.values()].map((group) => singleLine(describe(group)));
}

function describe(group: readonly WaitingTrigger[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const { trigger_type, reason, usual_provider } = first;
  const many = counted(group.length, 'trigger');
  if (reason === 'not_accepted') {
    const is = group.length === 1 ? 'is' : 'are';
    return `${many} of type "${trigger_type}" ${is} not served by the worker that serves this type, for ${namesOf(group)}. The log of the engine tells why.`;
  }
  const waits = group.length === 1 ? 'waits' : 'wait';
  const advice =
    usual_provider === undefined
      ? 'Start the worker that registers this trigger type.'
      : `The usual one is ${usual_provider}: add it to config.yaml or start it.`;
  return `${many} ${waits} for a worker that serves "${trigger_type}", for ${namesOf(group)}. ${advice}`;
}

function namesOf(group: readonly WaitingTrigger[]): string {
  const names = [...new Set(group.map(({ function_id }) => function_id))];
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length <= MOST_NAMES ? shown : `${shown} and ${names.length - MOST_NAMES} more`;
}
