package apikeys

import (
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
)

// APIKey is what is known of a key.
type APIKey struct {
	ID          string      `json:"id" doc:"How the key begins."`
	Key         string      `json:"key,omitempty" doc:"The key itself; in the answer that made it only."`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Tenant      string      `json:"tenant,omitempty" doc:"Whose it is; missing in an operator's."`
	Operator    bool        `json:"operator" doc:"It may name any tenant."`
	Scopes      []string    `json:"scopes" nullable:"false"`
	RateLimit   *APIKeyRate `json:"rateLimit" doc:"null for the server's."`
	CreatedAt   time.Time   `json:"createdAt"`
	CreatedBy   string      `json:"createdBy,omitempty" doc:"Id of the key that made it; missing where that was the bootstrap key."`
	ExpiresAt   *time.Time  `json:"expiresAt" doc:"null for never."`
	LastUsedAt  *time.Time  `json:"lastUsedAt" doc:"To the minute; null for never."`
}

// APIKeyRate bounds the requests of a key to each process.
type APIKeyRate struct {
	RequestsPerSecond float64 `json:"requestsPerSecond"`
	Burst             int64   `json:"burst"`
}

// APIKeyAnswer is one key.
type APIKeyAnswer struct {
	Data APIKey `json:"data"`
}

// APIKeyList is the keys of a tenant, or of operators.
type APIKeyList struct {
	Data []APIKey `json:"data" nullable:"false"`
}

func (r *Resource) view(pb *posthastev1.ApiKey) APIKey {
	v := APIKey{
		ID: pb.GetId(), Name: pb.GetName(), Description: pb.GetDescription(), Tenant: pb.GetTenant(), Operator: pb.GetOperator(),
		Scopes: rest.List(pb.GetScopes()), CreatedAt: rest.Moment(pb.GetCreatedAt()), CreatedBy: pb.GetCreatedBy(),
		ExpiresAt: rest.OptionalMoment(pb.GetExpiresAt()), LastUsedAt: rest.OptionalMoment(r.keys.LastUsed(pb.GetId())),
	}
	if own := pb.GetRate(); own != nil {
		v.RateLimit = &APIKeyRate{RequestsPerSecond: own.GetRequestsPerSecond(), Burst: own.GetBurst()}
	}
	return v
}
