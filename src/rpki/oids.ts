/** The object identifiers of the profiles implemented here, each by the name its RFC gives it. */
export const Oid = {
  // algorithms: RFC 7935
  rsaEncryption: '1.2.840.113549.1.1.1',
  sha256WithRsaEncryption: '1.2.840.113549.1.1.11',
  sha256: '2.16.840.1.101.3.4.2.1',
  // CMS: RFC 5652, RFC 6492 §3.1
  signedData: '1.2.840.113549.1.7.2',
  xmlContent: '1.2.840.113549.1.9.16.1.28',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  binarySigningTime: '1.2.840.113549.1.9.16.2.46',
  // PKCS#10: RFC 2985
  extensionRequest: '1.2.840.113549.1.9.14',
  // names: X.520
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  // certificate and CRL extensions: RFC 5280, RFC 3779
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
  ipAddrBlocks: '1.3.6.1.5.5.7.1.7',
  autonomousSysIds: '1.3.6.1.5.5.7.1.8',
  // values inside them: RFC 6484, RFC 5280, RFC 6487 §4.8.8, RFC 8182
  resourcePolicy: '1.3.6.1.5.5.7.14.2',
  policyQualifierCps: '1.3.6.1.5.5.7.2.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  caRepository: '1.3.6.1.5.5.7.48.5',
  rpkiManifest: '1.3.6.1.5.5.7.48.10',
  rpkiNotify: '1.3.6.1.5.5.7.48.13',
} as const;
