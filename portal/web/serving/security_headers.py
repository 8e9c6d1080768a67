"""Security headers: content security policy, opener policy, transport security, caching."""

from wsgiref.headers import Headers

from flask import Flask, Response, request

from portal.settings import Settings
from portal.web.access import current_person


def init_app(app: Flask, settings: Settings) -> None:
    """Send the security headers with every answer."""
    headers = {
        "Content-Security-Policy": content_security_policy(settings.htmx_url),
        # `allow-popups`, because with plain `same-origin` the dialog would have no opener to report to.
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if settings.is_production:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    def add(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        # Behind a mailed link there are facts about somebody who is not logged in.
        is_personal = current_person() is not None or "token" in (request.view_args or {})
        if "Cache-Control" not in response.headers and is_personal:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add)


def add_to_static(headers: Headers, _path: str, _url: str) -> None:
    """The same for static files, which are answered before Flask sees the request."""
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"


def content_security_policy(htmx_url: str) -> str:
    """Only our own files and the one htmx file run; nothing inline does."""
    directives = {
        "default-src": "'none'",
        "script-src": f"'self' {htmx_url}" if "://" in htmx_url else "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
