/** The page of a kiosk at which nobody is signed on. */

import "../shell.js";
import { data } from "../i18n.js";
import { keepPage } from "./keep_page.js";
import { SignOnPart } from "./sign_on.js";

const form = document.querySelector("wg-k-sign-on");
if (form instanceof SignOnPart) {
  form.gate = data("page").gate.id;
  form.done = () => location.reload();
}
keepPage();
