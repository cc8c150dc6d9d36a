# Asks twice over one connection with http.client, and tells what came of the second.
import http.client, sys, urllib.parse

warm, url, method, body = sys.argv[1:5]
at = urllib.parse.urlsplit(url)
headers = {"X-Auth-Token": "demo-token", "Content-Type": "application/json"}
c = http.client.HTTPConnection(at.hostname, at.port, timeout=5)
c.request("GET", urllib.parse.urlsplit(warm).path, headers=headers)
c.getresponse().read()
try:
    c.request(method, at.path, body=body or None, headers=headers)
    r = c.getresponse()
    try:
        print(r.status, len(r.read()), "bytes")
    except Exception as e:
        print(r.status, "then", type(e).__name__ + ":", e)
except Exception as e:
    print(type(e).__name__ + ":", e)
