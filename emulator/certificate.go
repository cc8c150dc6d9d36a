package emulator

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
	"regexp"
	"slices"
	"time"
)

// How TLS is served. Keys and certificates come from crypto/rand: they are the one
// thing that a seed does not repeat.
type tlsSettings struct {
	on    bool             // Start without addresses listens with TLS as well
	hosts []string         // that the certificate is for, besides the usual ones
	given *tls.Certificate // in place of one of our CA
}

// WithTLS has Start without addresses, and RunT, listen with TLS too, on a free
// port: Server.TLSURL. The certificate is issued by a CA that the emulator makes for itself, for
// localhost, 127.0.0.1, ::1, the hosts that it is told to listen on, and these ones: host names,
// which may begin with "*.", or IP addresses. Clients trust Emulator.CA.
func WithTLS(hosts ...string) Option {
	return whole("WithTLS", func(c *config) error {
		for _, h := range hosts {
			if !nameable(h) {
				return fmt.Errorf("TLS host %q: expected a host name or an IP address", h)
			}
		}
		c.tls.on = true
		c.tls.hosts = append(c.tls.hosts, hosts...)
		return nil
	})
}

// WithTLSCertificate is WithTLS with a certificate of your own, from files in PEM:
// the certificate, followed by those that it was issued with, and its key. The emulator then
// has no CA.
func WithTLSCertificate(certFile, keyFile string) Option {
	return whole("WithTLSCertificate", func(c *config) error {
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return fmt.Errorf("the TLS certificate %q with the key %q: %w", certFile, keyFile, err)
		}
		c.tls.on, c.tls.given = true, &cert
		return nil
	})
}

// loadTLS makes the CA, if the options want one.
func (e *Emulator) loadTLS() error {
	t := &e.config.tls
	if t.given != nil && len(t.hosts) > 0 {
		return errors.New("the hosts of WithTLS are for a certificate of the emulator's own CA, and WithTLSCertificate has given one")
	}
	if !t.on || t.given != nil {
		return nil
	}
	return e.makeCA()
}

// makeCA makes the CA unless there is one.
func (e *Emulator) makeCA() (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.authority == nil {
		e.authority, err = newAuthority()
	}
	return err
}

// CA is the certificate, in PEM, of the emulator's own CA, which GET
// /_standin/ca.pem answers too. It is nil where there is none: the emulator
// has not been told to serve TLS, or was given a certificate.
func (e *Emulator) CA() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.authority == nil {
		return nil
	}
	return slices.Clone(e.authority.pem)
}

// secure is how TLS is spoken on listeners of these hosts.
func (e *Emulator) secure(hosts []string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{protoHTTP2, "http/1.1"}}
	if given := e.config.tls.given; given != nil {
		c.Certificates = []tls.Certificate{*given}
		return c, nil
	}
	if err := e.makeCA(); err != nil {
		return nil, err
	}
	names := append(slices.Clone(usualHosts), e.config.tls.hosts...)
	for _, h := range hosts {
		if ip := net.ParseIP(h); nameable(h) && !ip.IsUnspecified() {
			names = append(names, h)
		}
	}
	cert, err := e.authority.issue(names)
	c.Certificates = []tls.Certificate{cert}
	return c, err
}

// trusted is what a client of ours takes for true: the CA, or what has issued
// the given certificate. It is nil without TLS.
func (e *Emulator) trusted() *x509.CertPool {
	if given := e.config.tls.given; given != nil {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		for _, der := range given.Certificate {
			if c, err := x509.ParseCertificate(der); err == nil {
				pool.AddCert(c)
			}
		}
		return pool
	}
	ca := e.CA()
	if ca == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return pool
}

const protoHTTP2 = "h2"

// usualHosts are those that a certificate is always for.
var usualHosts = []string{"localhost", "127.0.0.1", "::1"}

// hostName is what a certificate can name; a wildcard stands for one label.
var hostName = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$`)

const longestHostName = 253

func nameable(host string) bool {
	return net.ParseIP(host) != nil || len(host) <= longestHostName && hostName.MatchString(host)
}

// Certificates are valid whatever the time is: a test's clock may stand still long
// ago, and inside testing/synctest it begins with the year 2000.
var (
	validFrom  = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// An authority issues certificates. Its key is nowhere but in memory.
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

// issue makes a certificate for hosts.
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
