package webhook

// Standard is Standard Webhooks 1.0: "webhook-signature: v1,<base64>" over id,
// time and body. It is what signers and verifiers use unless told otherwise.
func Standard() Scheme {
	return Scheme{
		Name:            "standard",
		SignatureHeader: HeaderSignature,
		Content:         SignIDTimestampBody,
		Encoding:        Base64,
		Key:             DecodedKey,
		Form:            FormList,
		IDHeader:        HeaderID,
		TimestampHeader: HeaderTimestamp,
		IDField:         "id",
		TypeField:       "type",
		TimestampField:  "timestamp",
		DataField:       "data",
	}
}

// Neiracore signs the body: "x-neiracore-signature: <hex>".
func Neiracore() Scheme {
	return Scheme{
		Name:            "neiracore",
		SignatureHeader: "x-neiracore-signature",
		IDField:         "id",
		TypeField:       "type",
		TimestampField:  "timestamp",
		DataField:       "data",
	}
}

// AICity signs the body: "X-City-Signature: sha256=<hex>". Its webhookId is
// the delivery's id; events have none.
func AICity() Scheme {
	return Scheme{
		Name:            "aicity",
		SignatureHeader: "X-City-Signature",
		Prefix:          "sha256=",
		IDHeader:        "X-City-Delivery",
		TypeHeader:      "X-City-Event",
		TimestampHeader: "X-City-Timestamp",
		Required:        []string{"X-City-Event", "X-City-Delivery", "X-City-Timestamp"},
		DeliveryIDField: "webhookId",
		TypeField:       "event",
		TimestampField:  "timestamp",
		DataField:       "data",
	}
}

// AgentRail signs the body: "x-agentrail-signature: sha256=<hex>". Its
// delivery id is another one on each attempt: drop repeats by the event's.
func AgentRail() Scheme {
	return Scheme{
		Name:                 "agentrail",
		SignatureHeader:      "x-agentrail-signature",
		Prefix:               "sha256=",
		IDHeader:             "x-agentrail-delivery-id",
		TypeHeader:           "x-agentrail-event-type",
		EventIDHeader:        "x-agentrail-event-id",
		SubscriptionIDHeader: "x-agentrail-subscription-id",
		AttemptHeader:        "x-agentrail-delivery-attempt",
		Required: []string{
			"x-agentrail-subscription-id", "x-agentrail-event-id", "x-agentrail-event-type",
			"x-agentrail-delivery-id", "x-agentrail-delivery-attempt",
		},
		IDField:        "id",
		TypeField:      "type",
		TimestampField: "occurredAt",
		DataField:      "data",
	}
}

// GitHub signs the body, which is the data itself: "X-Hub-Signature-256:
// sha256=<hex>". Nothing that it signs tells the type.
func GitHub() Scheme {
	return Scheme{
		Name:            "github",
		SignatureHeader: "X-Hub-Signature-256",
		Prefix:          "sha256=",
		IDHeader:        "X-GitHub-Delivery",
		TypeHeader:      "X-GitHub-Event",
		Required:        []string{"X-GitHub-Event", "X-GitHub-Delivery"},
	}
}

// Stripe signs time and body: "Stripe-Signature: t=<seconds>,v1=<hex>".
func Stripe() Scheme {
	return Scheme{
		Name:            "stripe",
		SignatureHeader: "Stripe-Signature",
		Content:         SignTimestampBody,
		Form:            FormFields,
		IDField:         "id",
		TypeField:       "type",
		TimestampField:  "created",
		DataField:       "data",
	}
}

// SchemeNamed returns the built-in scheme of that name, which is lowercase:
// "standard", "neiracore", "aicity", "agentrail", "github" or "stripe".
func SchemeNamed(name string) (Scheme, bool) {
	for _, s := range [...]Scheme{Standard(), Neiracore(), AICity(), AgentRail(), GitHub(), Stripe()} {
		if s.Name == name {
			return s, true
		}
	}
	return Scheme{}, false
}
