/**
 * The APIs that a shard serves, as dispatch needs them: the table of handlers joined with the table of the protocol, computed once at
 * start.
 */
import type { AnyApi } from '../api/handler.ts';
import type { Fields } from '../protocol/schema-language.ts';
import { API_NAMES, type ApiName, apiOf } from '../protocol/schema/index.ts';
import type { VersionRange } from '../protocol/versions.ts';
import type { Overlap } from './work.ts';

/** The handlers, by name. What is missing is not served. */
export type ApiHandlers<Services> = { readonly [Name in ApiName]?: AnyApi<Services> };

export interface ApiRow<Services> {
  readonly name: ApiName;
  readonly key: number;
  readonly versions: VersionRange;
  readonly api: AnyApi<Services>;
  readonly overlap: Overlap;
  /** Its handler lends the views that must outlive its first turn. */
  readonly lends: boolean;
  /** A decoded request holds views of its bytes. */
  readonly hasViews: boolean;
  /** A response may hold records, which are sent as parts of their own. */
  readonly hasRecords: boolean;
}

/** By API key. */
export type ApiRows<Services> = readonly (ApiRow<Services> | undefined)[];

const OVERLAPS: { readonly [Name in ApiName]?: Overlap } = { Produce: 'produce', Fetch: 'fetch' };

export function apiRows<Services>(apis: ApiHandlers<Services>): ApiRows<Services> {
  const rows: (ApiRow<Services> | undefined)[] = [];
  for (const name of API_NAMES) {
    const api = apis[name];
    if (api === undefined) continue;
    const { key, request, response, validVersions } = apiOf(name);
    rows[key] = {
      name,
      key,
      versions: validVersions,
      api,
      overlap: OVERLAPS[name] ?? 'alone',
      lends: name === 'Produce',
      hasViews: hasType(request.declaration.fields, ['bytes', 'records']),
      hasRecords: hasType(response.declaration.fields, ['records']),
    };
  }
  return rows;
}

function hasType(fields: Fields, types: readonly string[]): boolean {
  return Object.values(fields).some((field) => {
    if (types.includes(field.type)) return true;
    if (typeof field.element === 'string') return types.includes(field.element);
    return (
      (field.element !== null && hasType(field.element, types)) ||
      (field.fields !== null && hasType(field.fields, types))
    );
  });
}
