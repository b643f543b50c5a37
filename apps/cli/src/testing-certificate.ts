import { generate } from 'selfsigned';

/** A certificate, which is its own authority, and its private key, in PEM. `host` is a DNS name or an IPv4 address. */
export async function makeCertificate(host: string, ...otherNames: string[]): Promise<{ cert: string; key: string }> {
  const altNames = [host, ...otherNames].map((name) =>
    /^[\d.]+$/.test(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
  );
  const pems = await generate([{ name: 'commonName', value: host }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert: pems.cert, key: pems.private };
}
