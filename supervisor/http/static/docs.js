// Shows the OpenAPI document with Swagger UI: as the browser's session allows, or with a token that is typed in.
"use strict";

(() => {
  const form = document.getElementById("sign-in");
  let token = "";
  let csrf = "";

  const shown = () => (token ? { Authorization: `Bearer ${token}` } : {});

  async function show() {
    const answer = await fetch("openapi.json", { headers: shown() });
    if (!answer.ok) {
      form.hidden = false;
      const problem = await answer.json().catch(() => ({}));
      document.getElementById("problem").textContent = token ? problem.detail || `Status ${answer.status}` : "";
      document.getElementById("token").focus();
      return;
    }
    if (!token) {
      csrf = (await (await fetch("session")).json()).data.csrf;
    }
    form.hidden = true;
    window.SwaggerUIBundle({
      spec: await answer.json(),
      dom_id: "#api",
      layout: "BaseLayout",
      presets: [window.SwaggerUIBundle.presets.apis],
      deepLinking: true,
      validatorUrl: null,
      requestInterceptor: (request) => {
        if (new URL(request.url, location.href).origin === location.origin) {
          Object.assign(request.headers, shown(), csrf ? { "X-CSRF-Token": csrf } : {});
        }
        return request;
      },
    });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    token = document.getElementById("token").value.trim();
    show();
  });
  show();
})();
