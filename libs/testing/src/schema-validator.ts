import { segment } from '@countersign/kernel';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/**
 * Checks values against schemas within a document that is itself no JSON Schema, such as an OpenAPI document.
 *
 * @param document whose references (`#/components/...`) the schemas may use
 * @returns a check: the place of a schema, as the names on the way to it, and a value give what is wrong, or undefined
 */
export function schemaValidator(
  document: object,
): (place: readonly string[], value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'document');
  return (place, value) => {
    const steps = place.map((step) => encodeURIComponent(segment(step)));
    const validate = ajv.getSchema(`document#/${steps.join('/')}`);
    if (!validate) return `there is no schema at ${place.join(' ')}`;
    return validate(value) === true ? undefined : ajv.errorsText(validate.errors);
  };
}
