package catalogue

import "strings"

// Server stands in keys for what is set for all tenants. No tenant of this name
// has types of its own.
const Server = "_"

// key is <tenant>.<type>, with "_" for no tenant. A type may hold ":", which a
// key may not; "=" may stand in a key and not in a type, so it takes its place.
func key(tenant, name string) string {
	return owner(tenant) + "." + strings.ReplaceAll(name, ":", "=")
}

// split undoes key, but for the tenant of what is the server's: "_".
func split(key string) (owner, name string) {
	owner, name, _ = strings.Cut(key, ".")
	return owner, strings.ReplaceAll(name, "=", ":")
}

func owner(tenant string) string {
	if tenant == "" {
		return Server
	}
	return tenant
}
