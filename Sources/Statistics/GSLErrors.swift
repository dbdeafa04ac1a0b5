internal import CGSL

/// GSL's default error handler ends the process. With the handler turned off, every call returns a status.
package enum GSLErrors {
  package static let areReturned: Void = { _ = gsl_set_error_handler_off() }()
}
