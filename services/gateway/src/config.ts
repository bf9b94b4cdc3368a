import { type Config, isProduction } from '@countersign/service-kit';
import { z } from 'zod';

/** Where people come from in production. */
const OidcEnvironment = z.object({
  /** `iss` of acceptable tokens. */
  OIDC_ISSUER: z.url(),
  /** `aud` of acceptable tokens. */
  OIDC_AUDIENCE: z.string().min(1),
  /** The issuer's public keys. */
  OIDC_JWKS_URI: z.url(),
  /** Claims that hold lists of names. */
  OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
  OIDC_GROUPS_CLAIM: z.string().min(1).default('groups'),
});

export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly rolesClaim: string;
  readonly groupsClaim: string;
}

export interface GatewayConfig {
  /** Set in production, and only there: otherwise the development issuer vouches for people. */
  readonly oidc: OidcConfig | undefined;
}

const meaning: Readonly<Partial<Record<string, string>>> = {
  OIDC_ISSUER: 'the URL that tokens have as iss',
  OIDC_AUDIENCE: 'what tokens have as aud',
  OIDC_JWKS_URI: "the URL of the issuer's public keys",
  OIDC_ROLES_CLAIM: 'the claim with the roles',
  OIDC_GROUPS_CLAIM: 'the claim with the groups',
};

const stateOf = (value: string | undefined) =>
  value === undefined || value === '' ? 'missing' : 'not valid';

/**
 * Reads what only the gateway needs.
 *
 * @throws Error one sentence naming every variable that is missing or wrong, never its value.
 */
export function loadGatewayConfig(
  config: Pick<Config, 'NODE_ENV'>,
  env: NodeJS.ProcessEnv = process.env,
): GatewayConfig {
  if (!isProduction(config)) return { oidc: undefined };
  const result = OidcEnvironment.safeParse(env);
  if (!result.success) {
    const wrong = [...new Set(result.error.issues.map(({ path }) => String(path[0])))];
    const each = wrong.map(
      (name) => `${name} (${meaning[name] ?? 'a name'}; ${stateOf(env[name])})`,
    );
    throw new Error(
      `Configuration: with NODE_ENV=production people sign in at your identity provider: set ${each.join(', ')}`,
    );
  }
  const { data } = result;
  return {
    oidc: {
      issuer: data.OIDC_ISSUER,
      audience: data.OIDC_AUDIENCE,
      jwksUri: data.OIDC_JWKS_URI,
      rolesClaim: data.OIDC_ROLES_CLAIM,
      groupsClaim: data.OIDC_GROUPS_CLAIM,
    },
  };
}
