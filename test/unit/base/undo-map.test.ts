/** State that can be taken back, against a model that copies everything at each offset. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import { UndoJournal, UndoMap } from '../../../src/base/undo-map.ts';

const entries = (map: Iterable<[string, number]>): string => JSON.stringify([...map].toSorted());

test('newest, committed and reverted states are those of a model with a copy for each offset', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new SeededRandom(seed);
    const journal = new UndoJournal();
    const map = new UndoMap<string, number>(journal);
    /** By end offset. */
    const states = new Map<number, Map<string, number>>([[0, new Map()]]);
    let end = 0;
    let committed = 0;
    for (let step = 0; step < 300; step++) {
      const action = random.below(10);
      if (action < 7) {
        journal.at(end);
        const model = new Map(states.get(end));
        for (let changes = random.below(4); changes > 0; changes--) {
          const key = `k${random.below(6)}`;
          if (random.chance(0.3)) assert.equal(map.delete(key), model.delete(key));
          else {
            map.set(key, step);
            model.set(key, step);
          }
        }
        states.set(++end, model);
      } else if (action < 9) {
        committed += random.below(end - committed + 1);
        journal.commit(committed);
        map.commit(committed);
      } else {
        end = committed + random.below(end - committed + 1);
        journal.revert(end);
      }
      assert.equal(entries(map), entries(states.get(end) ?? []), `seed ${seed} step ${step}: newest`);
      for (let at = committed; at <= end; at++) {
        assert.equal(entries(map.entriesAt(at)), entries(states.get(at) ?? []), `seed ${seed} step ${step}: at ${at}`);
        assert.equal(map.getAt('k1', at), states.get(at)?.get('k1'));
      }
    }
    journal.commit(end);
    map.commit(end);
    assert.equal(journal.pending, 0);
  }
});

test('a journal refuses to go back but by reverting', () => {
  const journal = new UndoJournal();
  journal.at(5);
  assert.throws(() => journal.at(4), /replay at 4 after 5/);
  journal.revert(3);
  journal.at(3);
});
