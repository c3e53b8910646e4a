/** Rounds to tables: medians with their spread, and the ratio of two brokers where it can be told apart. */
import type { Measured } from './scenarios.ts';

interface Column {
  readonly key: string;
  readonly title: string;
  readonly show: (value: number) => string;
  readonly lowerIsBetter: boolean;
}

const fixed =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);
const mib = (value: number): string => `${Math.round(value / 1_048_576)}`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

const COLUMNS: readonly Column[] = [
  { key: 'cpuPerGb', title: 'CPU-s/GB', show: fixed(2), lowerIsBetter: true },
  { key: 'cpuPerRequest', title: 'µs CPU/request', show: fixed(1), lowerIsBetter: true },
  { key: 'switchesPerRequest', title: 'switches/request', show: fixed(2), lowerIsBetter: true },
  { key: 'gbPerSecond', title: 'GB/s', show: fixed(2), lowerIsBetter: false },
  { key: 'requestsPerSecond', title: 'requests/s', show: whole, lowerIsBetter: false },
  { key: 'transactionsPerSecond', title: 'transactions/s', show: whole, lowerIsBetter: false },
  { key: 'cpuPerTransaction', title: 'µs CPU/transaction', show: fixed(0), lowerIsBetter: true },
  { key: 'retriesPerTransaction', title: 'retries/transaction', show: fixed(2), lowerIsBetter: true },
  { key: 'p50', title: 'p50 ms', show: fixed(2), lowerIsBetter: true },
  { key: 'p99', title: 'p99 ms', show: fixed(2), lowerIsBetter: true },
  { key: 'p999', title: 'p999 ms', show: fixed(2), lowerIsBetter: true },
  { key: 'rss', title: 'RSS MiB', show: mib, lowerIsBetter: true },
  { key: 'rssMore', title: 'RSS more, MiB', show: mib, lowerIsBetter: true },
  { key: 'seconds', title: 's', show: fixed(2), lowerIsBetter: true },
  { key: 'cpu', title: 'CPU-s', show: fixed(2), lowerIsBetter: true },
  { key: 'clientCpuPerGb', title: 'client CPU-s/GB', show: fixed(2), lowerIsBetter: true },
];

/** scenario → broker → rounds. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly Measured[]>>;

interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

function summaryOf(rounds: readonly Measured[], key: string): Summary | null {
  const values = rounds.map((round) => round[key] ?? Number.NaN).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] as number;
  const median = values.length % 2 === 1 ? upper : (upper + (values[middle - 1] as number)) / 2;
  return { median, min: values[0] as number, max: values.at(-1) as number };
}

/** The quotient of the medians; where the rounds of the two lie within each other's spread, that they cannot be told apart. */
function ratio(one: Summary, other: Summary): string {
  const isApart = one.max < other.min || other.max < one.min;
  return isApart ? (one.median / other.median).toFixed(2) : 'not distinguishable';
}

/** One markdown table a scenario: a row a broker, and the ratio of the first to the second where there are two. */
export function tables(results: Results, what: ReadonlyMap<string, string>): string {
  const blocks: string[] = [];
  for (const [scenario, brokers] of results) {
    const columns = COLUMNS.filter(({ key }) =>
      [...brokers.values()].some((rounds) => summaryOf(rounds, key) !== null),
    );
    const rows = [...brokers].map(([broker, rounds]) => [
      broker,
      ...columns.map(({ key, show }) => {
        const summary = summaryOf(rounds, key);
        if (summary === null) return '–';
        const { median, min, max } = summary;
        return rounds.length === 1 ? show(median) : `${show(median)} (${show(min)}–${show(max)})`;
      }),
    ]);
    const [first, second] = [...brokers.values()];
    if (first !== undefined && second !== undefined) {
      rows.push([
        'ratio',
        ...columns.map(({ key }) => {
          const [one, other] = [summaryOf(first, key), summaryOf(second, key)];
          return one === null || other === null ? '–' : ratio(one, other);
        }),
      ]);
    }
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    const head = ['', ...columns.map(({ title }) => title)];
    blocks.push(
      [
        `**${scenario}**: ${what.get(scenario) ?? ''}`,
        '',
        line(head),
        line(head.map(() => '---')),
        ...rows.map(line),
      ].join('\n'),
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

/** The results as JSON holds them. */
export function plain(results: Results): object {
  return Object.fromEntries([...results].map(([name, brokers]) => [name, Object.fromEntries(brokers)]));
}
