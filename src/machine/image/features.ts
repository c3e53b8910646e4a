/** Which level of each feature the cluster has agreed on (KIP-584), and the numbers of the metadata versions. */
import type { UndoJournal } from '../../base/undo-map.ts';
import { JournaledMap } from './journaled-map.ts';

export const METADATA_VERSION = 'metadata.version';
export const KRAFT_VERSION = 'kraft.version';
export const ELR_VERSION = 'eligible.leader.replicas.version';

export interface FeatureLevel {
  readonly name: string;
  readonly level: number;
}

export class FeaturesImage {
  readonly #levels: JournaledMap<string, number>;
  /** Agreed on by the quorum itself, in control records (KIP-853). */
  kraftVersion = 0;

  constructor(journal: UndoJournal | null) {
    this.#levels = new JournaledMap(journal);
  }

  /** 0 where the feature is off or unknown. */
  level(name: string): number {
    return name === KRAFT_VERSION ? this.kraftVersion : (this.#levels.get(name) ?? 0);
  }

  get metadataVersion(): number {
    return this.level(METADATA_VERSION);
  }

  /** Features at a level above 0, by name: what ApiVersions calls finalized. */
  finalized(): readonly FeatureLevel[] {
    const levels = [...this.#levels].map(([name, level]) => ({ name, level }));
    if (this.kraftVersion > 0) levels.push({ name: KRAFT_VERSION, level: this.kraftVersion });
    return levels.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** As records have them: the metadata version first, without the quorum's own. */
  recorded(): readonly FeatureLevel[] {
    const levels = this.finalized().filter(({ name }) => name !== KRAFT_VERSION);
    return levels.toSorted((a, b) => Number(b.name === METADATA_VERSION) - Number(a.name === METADATA_VERSION));
  }

  // ---- changed by replay only

  set(name: string, level: number): void {
    if (level === 0) this.#levels.delete(name);
    else this.#levels.set(name, level);
  }
}
