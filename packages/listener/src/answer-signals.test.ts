import { expect, it } from 'vitest';
import { AnswerSignals } from './answer-signals.js';

function signals() {
  const errors: unknown[] = [];
  return { errors, signals: new AnswerSignals((error) => errors.push(error)) };
}

it('tells every drain to every listener', () => {
  const { signals: answer } = signals();
  const heard: string[] = [];
  answer.onDrained(() => heard.push('a'));
  answer.onDrained(() => heard.push('b'));
  answer.drained();
  answer.drained();
  expect(heard).toEqual(['a', 'b', 'a', 'b']);
});

it('tells the outcome once, later, and to those who come late', async () => {
  const { signals: answer } = signals();
  const heard: string[] = [];
  answer.onClosed((completed) => heard.push(`early ${completed}`));
  answer.closed(true);
  answer.closed(false);
  expect(heard).toEqual([]);
  await Promise.resolve();
  answer.onClosed((completed) => heard.push(`late ${completed}`));
  expect(heard).toEqual(['early true']);
  await Promise.resolve();
  expect(heard).toEqual(['early true', 'late true']);
});

it('tells no drain after the end', () => {
  const { signals: answer } = signals();
  const heard: string[] = [];
  answer.onDrained(() => heard.push('drained'));
  answer.closed(false);
  answer.drained();
  answer.onDrained(() => heard.push('drained'));
  answer.drained();
  expect(heard).toEqual([]);
});

it('reports a listener that throws and goes on with the next', async () => {
  const { signals: answer, errors } = signals();
  const heard: boolean[] = [];
  const fail = () => {
    throw new Error('listener');
  };
  answer.onDrained(fail);
  answer.onClosed(fail);
  answer.onClosed((completed) => heard.push(completed));
  answer.drained();
  answer.closed(false);
  await Promise.resolve();
  expect(errors).toHaveLength(2);
  expect(heard).toEqual([false]);
});
