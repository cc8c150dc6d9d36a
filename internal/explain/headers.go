package explain

import "strings"

// ordinary has headers that clients, their libraries, proxies and tracing send with any request,
// in the canonical form of net/http. That nothing reads them is no news.
var ordinary = setOf(`
	Accept Authorization-Info Cache-Control Connection Cookie Date Dnt Expect Forwarded From Host Http2-Settings Idempotency-Key
	Keep-Alive Max-Forwards Origin Pragma Prefer Priority Proxy-Authorization Proxy-Connection Range Referer Save-Data Te Trailer
	Transfer-Encoding Upgrade Upgrade-Insecure-Requests User-Agent Via Want-Digest Digest Warning Early-Data Purpose
	X-Requested-With X-Real-Ip X-Client-Ip X-Cluster-Client-Ip X-Request-Id X-Request-Start X-Correlation-Id X-Trace-Id X-Span-Id
	X-Amzn-Trace-Id X-Amz-Cf-Id X-Cloud-Trace-Context X-Client-Trace-Id X-Csrf-Token X-Xsrf-Token X-Http-Method-Override
	Traceparent Tracestate Baggage B3 Uber-Trace-Id Sentry-Trace Newrelic Request-Id Correlation-Context Correlation-Id
	Grpc-Trace-Bin True-Client-Ip Cdn-Loop Remote-User Remote-Addr Retry-After
	X-Openstack-Request-Id Openstack-Api-Version X-Service-Token`)

// ordinaryHeads are beginnings of ordinary headers.
var ordinaryHeads = []string{
	"Accept-", "Access-Control-", "Content-", "If-", "Sec-", "X-Forwarded-", "X-Original-", "X-Envoy-", "X-B3-", "X-Datadog-", "X-Ot-",
	"Ot-Tracer-", "X-Amz-", "X-Goog-", "X-Azure-", "X-Ms-", "X-Appengine-", "Cf-", "Fastly-", "Fly-", "Elastic-Apm-", "Uberctx-",
	"X-Standin-", "X-Sent-", "X-Stainless-",
}

func setOf(words string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		all[w] = true
	}
	return all
}

// isOrdinary reports whether a header says nothing about the client of an API.
func isOrdinary(name string) bool {
	if ordinary[name] {
		return true
	}
	for _, head := range ordinaryHeads {
		if strings.HasPrefix(name, head) {
			return true
		}
	}
	return false
}

// spelled are ordinary headers that people write by hand, and so misspell.
var spelled = []string{"Accept", "Authorization", "Content-Encoding", "Content-Type", "Idempotency-Key", "User-Agent"}
