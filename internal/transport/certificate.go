package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"time"

	"standin/internal/late"
)

// TLS holds the options of TLS. Keys and certificates come from crypto/rand and do not depend on
// the seed.
type TLS struct {
	On          bool             // create the CA in New; false: with the first listener that serves TLS
	Hosts       []string         // of the certificate, in addition to localhost, 127.0.0.1, ::1 and the hosts of the listeners
	Certificate *tls.Certificate // served instead of one from the CA; there is no CA then
}

// CheckHost returns an error if a certificate cannot name host. It can name IP addresses and host
// names, which may begin with "*.".
func CheckHost(host string) error {
	if !nameable(host) {
		return fmt.Errorf("TLS host %q: expected a host name or an IP address", host)
	}
	return nil
}

// LoadCertificate loads a certificate and its key from PEM files. The certificate file may also
// contain the intermediate certificates.
func LoadCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("the TLS certificate %q with the key %q: %w", certFile, keyFile, err)
	}
	return &cert, nil
}

func (c *TLS) check() error {
	if c.Certificate != nil && len(c.Hosts) > 0 {
		return errors.New("the hosts of WithTLS are for a certificate of the emulator's own CA, and WithTLSCertificate has given one")
	}
	return nil
}

const protoHTTP2 = "h2"

// defaultHosts are in every certificate that the CA issues.
var defaultHosts = []string{"localhost", "127.0.0.1", "::1"}

// hostName matches the host names of a certificate; a wildcard matches one label.
var hostName = late.Regexp(`^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$`)

const longestHostName = 253

func nameable(host string) bool {
	return net.ParseIP(host) != nil || len(host) <= longestHostName && hostName().MatchString(host)
}

// Certificates are valid at any time that a test may use. A test's clock may be in the past, and
// inside testing/synctest it begins in the year 2000.
var (
	validFrom  = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// An authority is a CA, which issues certificates. Its key is only in memory.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority() (*authority, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Standin CA"},
		NotBefore: validFrom, NotAfter: validUntil,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}, err
}

// issue returns a new certificate for the hosts.
func (a *authority) issue(hosts []string) (tls.Certificate, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Standin"},
		NotBefore: validFrom, NotAfter: validUntil,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
