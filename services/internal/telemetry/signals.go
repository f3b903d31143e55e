package telemetry

import (
	"os"
	"strconv"
)

// The signals of OpenTelemetry, as its environment variables name them.
const (
	traces  = "TRACES"
	metrics = "METRICS"
	logs    = "LOGS"
)

// wanted says whether a signal is to be exported. The specification has OTLP to
// localhost as the default; here nothing is sent that nobody asked for, so one of
// the variables must be set that say where to or how.
func wanted(signal string) bool {
	if disabled, _ := strconv.ParseBool(os.Getenv("OTEL_SDK_DISABLED")); disabled {
		return false
	}
	switch os.Getenv(exporterVariable(signal)) {
	case "none":
		return false
	case "":
		return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
	default:
		return true
	}
}

func exporterVariable(signal string) string { return "OTEL_" + signal + "_EXPORTER" }
