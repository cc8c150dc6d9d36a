"""Creates the identities of parity/fixture.yaml in a keystone that was bootstrapped with admin and project demo.

identities.py KEYSTONE_URL BARBICAN_URL FREEZER_URL
"""

import json
import sys
import urllib.request

# Users by project, each with its roles. The password is the name.
USERS = {
    "demo": {
        "creator": ["creator"],
        "creator2": ["creator"],
        "observer": ["observer"],
        "audit": ["audit"],
        "member": ["member"],
        "reader": ["reader"],
        "nobody": ["other"],
        "service-admin": ["key-manager:service-admin"],
        "unassigned": [],
    },
    "elsewhere": {"stranger": ["admin", "creator"]},
}


class Keystone:
    def __init__(self, url):
        self.url, self.token = url + "/v3", None
        user = {"name": "admin", "domain": {"id": "default"}, "password": "admin"}
        scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
        self.token = self.send("POST", "/auth/tokens", {"auth": auth})[1]["X-Subject-Token"]

    def send(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["X-Auth-Token"] = self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return (json.loads(text) if text else None), answer.headers

    def create(self, kind, record):
        return self.send("POST", f"/{kind}s", {kind: record})[0][kind]["id"]

    def ids(self, kind):
        return {item["name"]: item["id"] for item in self.send("GET", f"/{kind}s")[0][kind + "s"]}


def main(keystone_url, barbican_url, freezer_url):
    keystone = Keystone(keystone_url)
    roles, projects = keystone.ids("role"), keystone.ids("project")
    for project, users in USERS.items():
        if project not in projects:
            projects[project] = keystone.create("project", {"name": project, "domain_id": "default"})
        for name, given in users.items():
            record = {"name": name, "password": name, "domain_id": "default"}
            user = keystone.create("user", record)
            for role in given:
                if role not in roles:
                    roles[role] = keystone.create("role", {"name": role})
                keystone.send("PUT", f"/projects/{projects[project]}/users/{user}/roles/{roles[role]}")
    # keystone-manage gives the domain and the project descriptions of its own.
    keystone.send("PATCH", "/domains/default", {"domain": {"description": ""}})
    keystone.send("PATCH", f"/projects/{projects['demo']}", {"project": {"description": ""}})
    for kind, name, url in (("key-manager", "barbican", barbican_url), ("backup", "freezer", freezer_url)):
        service = keystone.create("service", {"type": kind, "name": name})
        for interface in ("public", "internal", "admin"):
            keystone.create("endpoint", {
                "service_id": service, "interface": interface, "region_id": "RegionOne", "url": url})


if __name__ == "__main__":
    main(*sys.argv[1:])
