/** Token of the whole platform, for the modules that build services' own connections from it. */
export const PLATFORM = Symbol('platform');
