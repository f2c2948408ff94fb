import { WINDOW_PERSON } from "@/lib/account";

/** The name of what is kept on the device of the view that was left last, and the id of the element it is drawn in. */
export const LAST_VIEW = "last-view";

/** What is kept of a view: how it looked, and when a page that starts would look the same. */
export interface LastView {
  address: string;
  /** The style sheets of the page: those of another build would not fit. */
  styles: string;
  width: number;
  height: number;
  /** Milliseconds since 1970: not before it was left, nor on another day, when what is due reads otherwise. */
  from: number;
  until: number;
  html: string;
}

declare global {
  /** The style sheets that the page came with. */
  var pageStyles: string | undefined;
}

/**
 * Draws the view that was left last, where this start shows the same, before any other script has run. It stands in
 * the page right after the element it fills; the content security policy knows it by its hash.
 */
export const DRAW = `try{(function(){
var links=document.querySelectorAll("link[rel=stylesheet]"),all=[],i;
for(i=0;i<links.length;i++)all.push(links[i].getAttribute("href"));
pageStyles=all.join();
var name="${LAST_VIEW}";
if(localStorage.getItem("sign-in")!=="null"){
var who=sessionStorage.getItem("${WINDOW_PERSON}");
if(!who||localStorage.getItem("account "+who)===null)return;
name+=" "+who}
var v=JSON.parse(localStorage.getItem(name)),now=Date.now();
if(v&&v.address===location.pathname+location.search&&v.styles===pageStyles&&v.width===innerWidth&&v.height===innerHeight&&v.from<=now&&now<v.until)
document.getElementById("${LAST_VIEW}").innerHTML=v.html
})()}catch(e){}`;
