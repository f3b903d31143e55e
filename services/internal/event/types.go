package event

// TypeDisabled is the type of the event that tells a tenant of a subscription
// that was disabled for it. Its data is {subscriptionId, url, reason,
// disabledAt}.
const TypeDisabled = "subscription.disabled"
