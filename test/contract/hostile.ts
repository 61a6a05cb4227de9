/** What hostile or careless callers send: values that are nearly right, far too much, or trouble for a database. */
import fc from 'fast-check';

/** Strings that JSON carries and PostgreSQL, or a URL, may not. */
export const hostileTexts = [
  '', ' ', '\u0000', 'a\u0000b', '\ud800', 'x\udfff', '\ufeff', '\u202e', "'; drop table pools; --", '$1', '%s', '\\', '../../etc/passwd', 'null', '__proto__', 'constructor', '𝔘𝔫𝔦𝔠𝔬𝔡𝔢', 'é'.repeat(200), 'x'.repeat(201), 'x'.repeat(3000),
] as const;
export const hostileText = fc.constantFrom(...hostileTexts);

const hostileNumber = fc.constantFrom(0, -0, -1, 1, 1.5, 1e-7, 31, 32, 33, 128, 129, 255, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -(2 ** 63));

export const hostilePrefixes = ['0.0.0.0/0', '::/0', '10.0.0.0/8', '10.0.0.1/8', '10.0.0.0/33', '1.2.3.4', '::ffff:1.2.3.4/128', '::1.2.3.4/128', '2001:DB8::/32', '1:2:3:4:5:6:7:0/112', '1:2:3:4:5:6:0.0.0.0/96', '/', '45.96.0.0/16', '2a0e:b100::/32', '255.255.255.255/32', '1.2.3.4/', '/8', '...', ':/8'] as const;
export const hostilePrefix = fc.constantFrom(...hostilePrefixes);

export const hostileTimes = ['2099-12-31T23:59:60Z', '2099-02-29T00:00:00Z', '2099-01-01 00:00:00Z', '2099-01-01t00:00:00z', '9999-12-31T23:59:59.999999999Z', '0000-01-01T00:00:00Z', '2099-01-01T00:00:00+23:59', '2099-01-01', 'now', 'infinity', '1970-01-01T00:00:00Z', '+010000-01-01T00:00:00Z'] as const;
export const hostileTime = fc.constantFrom(...hostileTimes);

export const hostileIds = ['0192f5f0-0000-7000-8000-000000000001', 'urn:uuid:0192f5f0-0000-7000-8000-000000000001', '0192F5F0-0000-7000-8000-00000000000A', '00000000-0000-0000-0000-000000000000', '{0192f5f0-0000-7000-8000-000000000001}', 'x', ''] as const;
export const hostileId = fc.constantFrom(...hostileIds);

const leaf = fc.oneof(hostileText, hostileNumber, hostilePrefix, hostileTime, hostileId, fc.boolean(), fc.constant(null));

/** Any JSON at all, none of it meant. */
export const anyJson = fc.oneof(
  leaf,
  fc.letrec((tie) => ({
    node: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('node'), { maxLength: 4 }), fc.dictionary(fc.oneof(fc.string({ maxLength: 8 }), hostileText), tie('node'), { maxKeys: 4 })),
  })).node,
);
