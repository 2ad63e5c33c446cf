import packageJson from '../../package.json' with { type: 'json' };

/** Version of this package, as reported to the engine. */
export const SDK_VERSION: string = packageJson.version;
