import { WINDOW_PERSON } from "@/lib/account";

/** The name of what is kept on the device of the view that was left last, and the id of the element it is drawn in. */
export const LAST_VIEW = "last-view";

/** What is kept of a view: how it looked, and when a page that starts would look the same. */
export interface LastView {
  address: string;
  /** The scripts and style sheets that the page came with: another build may look otherwise. */
  build: string;
  width: number;
  height: number;
  /** Milliseconds since 1970: not before it was left, nor once a day or a due is over, and what is due reads otherwise. */
  from: number;
  until: number;
  html: string;
}

declare global {
  /** The scripts and style sheets that the page came with. */
  var pageBuild: string | undefined;
}

/** After so many milliseconds without the list, one that is on its way or will never come, nobody sits before a picture. */
const LONGEST_MS = 3_000;

/**
 * Draws the view that was left last, where this start shows the same, before any other script has run. It stands in
 * the page right after the element it fills; the content security policy knows it by its hash.
 */
export const DRAW = `try{(function(){
var parts=document.querySelectorAll("link[rel=stylesheet],script[src]"),all=[],i;
for(i=0;i<parts.length;i++)all.push(parts[i].getAttribute("href")||parts[i].getAttribute("src"));
pageBuild=all.join();
var name="${LAST_VIEW}";
if(localStorage.getItem("sign-in")!=="null"){
var who=sessionStorage.getItem("${WINDOW_PERSON}");
if(!who||localStorage.getItem("account")!==who||localStorage.getItem("account "+who)===null)return;
name+=" "+who}
var v=JSON.parse(localStorage.getItem(name)),now=Date.now(),place=document.getElementById("${LAST_VIEW}");
if(v&&v.address===location.pathname+location.search&&v.build===pageBuild&&v.width===innerWidth&&v.height===innerHeight&&v.from<=now&&now<v.until){
place.innerHTML=v.html;
setTimeout(function(){place.innerHTML=""},${LONGEST_MS})}
})()}catch(e){}`;
