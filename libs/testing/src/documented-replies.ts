import { schemaValidator } from './schema-validator.js';

interface Media {
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly requestBody?: Media;
  readonly responses: Readonly<Record<string, Media>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** A request and its answer. `sent` is the body as a value, undefined when there was none. */
interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly sent: unknown;
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** Compares what a gateway answers with what its own OpenAPI document says it answers. */
export class DocumentedReplies {
  readonly #validate: ReturnType<typeof schemaValidator>;
  readonly #paths: Paths;

  constructor(document: object) {
    this.#validate = schemaValidator(closed(document) as object);
    this.#paths = (document as { paths: Paths }).paths;
  }

  /** @throws Error when the reply is not as documented, or a body was taken that the document refuses. */
  check({ method, url, sent, status, contentType, body }: Exchange): void {
    const [address = ''] = url.split('?');
    const path = Object.keys(this.#paths).find((each) => isAt(each, address));
    const operation = path === undefined ? undefined : this.#paths[path]?.[method.toLowerCase()];
    if (path === undefined || !operation) return;
    const name = `${method} ${path}: ${status}`;
    const pointer = ['paths', path, method.toLowerCase()];
    const [type = ''] = contentType.split(';');
    const media = operation.responses[String(status)]?.content?.[type];
    if (!media) throw new Error(`${name} ${type} is not documented: ${JSON.stringify(body)}`);
    this.#mustFit(name, [...pointer, 'responses', String(status), 'content', type], body);
    if (status < 300 && sent !== undefined && operation.requestBody) {
      this.#mustFit(name, [...pointer, 'requestBody', 'content', 'application/json'], sent);
    }
  }

  #mustFit(name: string, pointer: readonly string[], value: unknown): void {
    const errors = this.#validate([...pointer, 'schema'], value);
    if (errors === undefined) return;
    throw new Error(`${name} is not as its @Operation says: ${errors}: ${JSON.stringify(value)}`);
  }
}

function isAt(path: string, address: string): boolean {
  const [want, have] = [path.split('/'), address.split('/')];
  const fits = (part: string, index: number) =>
    part.startsWith('{') ? have[index] !== '' : part === have[index];
  return want.length === have.length && want.every(fits);
}

/** The same schemas, refusing members that they do not name: a reply must not hold undocumented ones. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, closed(v)]));
  const open = 'properties' in value && !('additionalProperties' in value) && !('$ref' in value);
  return open ? { ...members, additionalProperties: false } : members;
}
