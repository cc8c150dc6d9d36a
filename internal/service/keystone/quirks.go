package keystone

// The quirks of the contract that the code reads.
const orphanIs404 = "keystone.token-of-deleted-credential-is-404"
