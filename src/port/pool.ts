/** Work that takes longer than a millisecond of processor time, on threads of its own. */

/** A pool's tasks: what each takes and gives. Inputs and outputs are plain values that are copied between threads. */
export type TaskTable = Readonly<Record<string, { readonly input: unknown; readonly output: unknown }>>;

export interface Pool<Tasks extends TaskTable> {
  /** Runs a task; the error of one that failed rejects. Tasks wait in order while all threads are busy. */
  run<Name extends keyof Tasks & string>(name: Name, input: Tasks[Name]['input']): Promise<Tasks[Name]['output']>;
  /** Tasks that run or wait. */
  readonly pending: number;
  /** Takes no more tasks and lets those under way end. */
  close(): Promise<void>;
}

/** The functions behind a table. */
export type TaskFunctions<Tasks extends TaskTable> = {
  readonly [Name in keyof Tasks]: (
    input: Tasks[Name]['input'],
  ) => Tasks[Name]['output'] | Promise<Tasks[Name]['output']>;
};
